CREATE TRIGGER posts_audit AFTER INSERT ON posts BEGIN
	INSERT INTO audit (account_id, what) VALUES (new.account_id, 'posted ' || new.title);
END;
