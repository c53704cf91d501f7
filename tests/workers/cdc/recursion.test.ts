import { describe, expect, test } from 'vitest'
import { inShard } from './support.ts'

const ddl = `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, at INTEGER, parent INTEGER);
	CREATE TABLE u (id INTEGER PRIMARY KEY, t INTEGER, v INTEGER)`

const endless = {
	'an update of its own row': 'CREATE TRIGGER "a b" AFTER UPDATE ON t BEGIN UPDATE t SET at = 1 WHERE id = NEW.id; END',
	'an update of every row': 'CREATE TRIGGER "a b" AFTER UPDATE ON t BEGIN UPDATE t SET at = 1; END',
	'an update of a column that it watches':
		'CREATE TRIGGER "a b" AFTER UPDATE OF v, at ON T BEGIN UPDATE t SET AT = 1 WHERE OLD.id = id; END',
	'an insert into its own table': 'CREATE TRIGGER "a b" AFTER INSERT ON t BEGIN INSERT INTO t (v) VALUES (NEW.v); END',
	'two triggers that fire each other':
		'CREATE TRIGGER "a b" AFTER UPDATE ON t BEGIN UPDATE u SET v = NEW.v WHERE t = NEW.id; END; CREATE TRIGGER back AFTER UPDATE ON u BEGIN UPDATE t SET v = NEW.v WHERE id = NEW.t; END',
	'an update of its own row behind two of another table':
		'CREATE TRIGGER other AFTER UPDATE ON u BEGIN SELECT 1; END; CREATE TRIGGER "a b" AFTER UPDATE ON t BEGIN UPDATE u SET v = 1; UPDATE u SET v = 2; UPDATE t SET at = 1 WHERE id = NEW.id; END',
}

const harmless = {
	'a WHEN clause that its own write makes false':
		'CREATE TRIGGER x AFTER UPDATE ON t WHEN NEW.at IS OLD.at BEGIN UPDATE t SET at = OLD.at + 1 WHERE id = NEW.id; END',
	'an update on insert': 'CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET at = 1 WHERE id = NEW.id; END',
	'an update of a column that it does not watch':
		'CREATE TRIGGER x AFTER UPDATE OF v ON t BEGIN UPDATE t SET at = 1 WHERE id = NEW.id; END',
	'a delete down a tree': 'CREATE TRIGGER x AFTER DELETE ON t BEGIN DELETE FROM t WHERE parent = OLD.id; END',
	'an update down a tree': 'CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE t SET at = NEW.at WHERE parent = NEW.id; END',
	'an update with a condition of its own':
		'CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE t SET at = 1 WHERE id = NEW.id AND at IS NOT 1; END',
	'an insert of what a query finds':
		'CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO t (v) SELECT v - 1 FROM t WHERE id = NEW.id AND v > 0; END',
	'an insert that may be ignored': 'CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT OR IGNORE INTO t (id) VALUES (1); END',
	'an audit table': 'CREATE TRIGGER x AFTER UPDATE ON t BEGIN INSERT INTO u (t) VALUES (NEW.id); END',
	'an update of what another table tells':
		'CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE t SET at = u.v FROM u WHERE t.id = NEW.id; END',
	'an end by RAISE':
		'CREATE TRIGGER x AFTER UPDATE ON t BEGIN SELECT RAISE(IGNORE) WHERE NEW.at > 3; UPDATE t SET at = NEW.at + 1 WHERE id = NEW.id; END',
}

describe('recursive triggers', () => {
	test.for(Object.entries(endless))('%s is refused with the name of the trigger and what to do', ([, trigger]) =>
		inShard(ddl, [], ({ sql, captureOf }) => {
			sql.exec(trigger)
			expect(() => captureOf('t', 'u').install()).toThrow(
				expect.objectContaining({
					code: 'CAPTURE_RECURSIVE_TRIGGER',
					message: expect.stringContaining('"a b"'),
					hint: expect.stringContaining('WHEN'),
				}),
			)
			// It is right to refuse: the write would fail.
			expect(() => sql.exec('INSERT INTO t VALUES (1, 1, 1, NULL); INSERT INTO u VALUES (1, 1, 1); UPDATE t SET v = 2')).toThrow(
				'recursion',
			)
		}),
	)

	test.for(Object.entries(harmless))('%s is left alone', ([, trigger]) =>
		inShard(ddl, [], ({ sql, captureOf }) => {
			sql.exec(trigger)
			captureOf('t', 'u').install()
			sql.exec(
				'INSERT INTO t VALUES (10, 1, 1, NULL), (20, 2, 2, 10), (30, 1, 1, 20); UPDATE t SET v = v + 1; DELETE FROM t WHERE id = 10',
			)
		}),
	)
})
