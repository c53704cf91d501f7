import { describe, expect, it } from 'vitest'
import { splitStatements } from '../../src/migrator/split-statements.ts'

describe('splitStatements', () => {
	it('splits at breakpoints and at semicolons', () => {
		expect(splitStatements('CREATE TABLE a (b);--> statement-breakpoint\nCREATE TABLE c (d); CREATE TABLE e (f)')).toEqual([
			'CREATE TABLE a (b)',
			'CREATE TABLE c (d)',
			'CREATE TABLE e (f)',
		])
	})

	it('finds no statement in an empty custom migration', () => {
		expect(splitStatements('-- Custom SQL migration file, put your code below! --')).toEqual([])
		expect(splitStatements('; ;\n/* nothing */')).toEqual([])
	})

	it('keeps semicolons of texts, names and comments', () => {
		expect(splitStatements(`INSERT INTO "a;b" VALUES ('x;y') /* ; */; SELECT 1 -- ;`)).toEqual([
			`INSERT INTO "a;b" VALUES ('x;y')`,
			'SELECT 1',
		])
		expect(splitStatements("SELECT '--> statement-breakpoint'")).toEqual(["SELECT '--> statement-breakpoint'"])
	})

	it('keeps a trigger whole, with CASE and with statements behind it', () => {
		const trigger = 'CREATE TRIGGER t AFTER INSERT ON a BEGIN\n\tSELECT CASE WHEN 1 THEN 2 END;\n\tDELETE FROM b;\nEND'
		expect(splitStatements(`${trigger};\nDROP TABLE c;`)).toEqual([trigger, 'DROP TABLE c'])
		expect(splitStatements(`create temp trigger t after insert on a begin select 1; end; select 2`)).toHaveLength(2)
		expect(splitStatements(`${trigger}\n--> statement-breakpoint\nDROP TABLE c`)).toEqual([trigger, 'DROP TABLE c'])
	})

	it('splits at a breakpoint behind a comment on the same line', () => {
		expect(splitStatements('SELECT 1 -- one --> statement-breakpoint\nSELECT 2')).toEqual(['SELECT 1', 'SELECT 2'])
	})
})
