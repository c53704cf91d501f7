CREATE TABLE `accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`age` integer,
	CONSTRAINT "accounts_age" CHECK("accounts"."age" >= 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_email` ON `accounts` (`email`);--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`what` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `lines` (
	`tenant` integer NOT NULL,
	`region` text NOT NULL,
	`no` integer NOT NULL,
	`product` text,
	`quantity` integer DEFAULT 1 NOT NULL,
	PRIMARY KEY(`tenant`, `region`, `no`)
);
--> statement-breakpoint
CREATE TABLE `posts` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`title` text NOT NULL,
	`slug` text,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `posts_slug_unique` ON `posts` (`slug`);--> statement-breakpoint
CREATE INDEX `posts_account` ON `posts` (`account_id`);--> statement-breakpoint
CREATE TABLE `samples` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`n` integer,
	`flag` integer,
	`at` integer,
	`at_ms` integer,
	`doc` text,
	`mood` text,
	`note` text,
	`ratio` real,
	`price` numeric,
	`price_number` numeric,
	`price_bigint` numeric,
	`bytes` blob,
	`big` blob,
	`blob_doc` blob,
	`money` text
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text
);
