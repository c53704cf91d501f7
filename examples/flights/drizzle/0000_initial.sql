CREATE TABLE `airports` (
	`iata` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`city` text,
	`state` text,
	`country` text NOT NULL,
	`latitude` real NOT NULL,
	`longitude` real NOT NULL
);
--> statement-breakpoint
CREATE TABLE `flights` (
	`id` integer PRIMARY KEY NOT NULL,
	`origin` text NOT NULL,
	`destination` text NOT NULL,
	`departure` integer NOT NULL,
	`delay` integer NOT NULL,
	`distance` integer NOT NULL
);
