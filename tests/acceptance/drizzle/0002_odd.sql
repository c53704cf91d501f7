CREATE TABLE `Ödd näme` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner` text NOT NULL,
	`group` text,
	`a"b` integer,
	`with space` text,
	`UPPER` text DEFAULT 'up',
	`stored` text GENERATED ALWAYS AS (upper("group")) STORED,
	`virtual` integer GENERATED ALWAYS AS ("a""b" * 2) VIRTUAL,
	`parent` integer,
	FOREIGN KEY (`parent`) REFERENCES `Ödd näme`(`id`) ON UPDATE cascade ON DELETE set null
);
