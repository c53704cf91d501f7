/**
 * A shop's database as `drizzle-kit pull` describes it: DATE, DATETIME and DECIMAL columns are `numeric()`. One of its rows in SQLite,
 * and the reports that are asked of it.
 *
 * @module
 */
import { foreignKey, index, integer, numeric, real, sqliteTable, text } from '../../../src/columns.ts'
import { SQLake } from '../../../src/schema/database.ts'

const customers = sqliteTable('customers', {
	customerId: integer('customer_id').primaryKey().notNull(),
	store: text().notNull(),
	name: text().notNull(),
	country: text(),
	birthDate: numeric('birth_date'),
	creditLimit: numeric('credit_limit', { mode: 'number' }),
})

const invoices = sqliteTable(
	'invoices',
	{
		invoiceId: integer('invoice_id').primaryKey().notNull(),
		store: text().notNull(),
		customerId: integer('customer_id').notNull(),
		invoiceDate: numeric('invoice_date').notNull(),
		dueDate: numeric('due_date'),
		paidAt: numeric('paid_at'),
		total: numeric().notNull(),
		taxRate: real('tax_rate').default(0.19),
		reference: numeric({ mode: 'bigint' }),
	},
	(table) => [
		index('IFK_InvoiceCustomerId').on(table.customerId),
		foreignKey({ columns: [table.customerId], foreignColumns: [customers.customerId] }),
	],
)

const items = sqliteTable('invoice_items', {
	invoiceLineId: integer('invoice_line_id').primaryKey().notNull(),
	store: text().notNull(),
	invoiceId: integer('invoice_id').notNull(),
	unitPrice: numeric('unit_price').notNull(),
	quantity: integer().notNull(),
	discount: numeric({ mode: 'number' }),
})

export const pulled = SQLake({
	customers,
	invoices,
	items,
	shard: { customers: 'store', invoices: 'store', items: 'store' },
})

/** The tables as they were created, before they were pulled. */
export const PULLED_DDL: Readonly<Record<string, string>> = {
	customers: `CREATE TABLE customers (customer_id INTEGER PRIMARY KEY NOT NULL, store TEXT NOT NULL, name NVARCHAR(80) NOT NULL,
		country NVARCHAR(40), birth_date DATE, credit_limit DECIMAL(12,2))`,
	invoices: `CREATE TABLE invoices (invoice_id INTEGER PRIMARY KEY NOT NULL, store TEXT NOT NULL, customer_id INTEGER NOT NULL,
		invoice_date DATETIME NOT NULL, due_date DATE, paid_at DATETIME, total NUMERIC(10,2) NOT NULL, tax_rate REAL DEFAULT 0.19, reference NUMERIC)`,
	invoice_items: `CREATE TABLE invoice_items (invoice_line_id INTEGER PRIMARY KEY NOT NULL, store TEXT NOT NULL, invoice_id INTEGER NOT NULL,
		unit_price DECIMAL(10,2) NOT NULL, quantity INTEGER NOT NULL, discount DECIMAL(4,3))`,
}

const MONTH = "strftime('%Y-%m', invoice_date)"

/** Reports by what they tell. */
export const REPORTS: Readonly<Record<string, string>> = {
	'all invoices': 'SELECT * FROM invoices ORDER BY invoice_id',
	'classes of values':
		'SELECT typeof(total), typeof(invoice_date), typeof(due_date), typeof(reference), count(*) FROM invoices GROUP BY 1, 2, 3, 4',
	'revenue by month': `SELECT ${MONTH} AS month, round(sum(total), 2) AS revenue, count(*) AS n FROM invoices GROUP BY month ORDER BY month`,
	'revenue by year': "SELECT strftime('%Y', invoice_date) AS year, sum(total) FROM invoices GROUP BY year ORDER BY year",
	'revenue by quarter':
		"SELECT strftime('%Y', invoice_date) || '-Q' || ((CAST(strftime('%m', invoice_date) AS INTEGER) + 2) / 3) AS q, round(sum(total), 2) FROM invoices GROUP BY q ORDER BY q",
	'revenue by weekday':
		"SELECT strftime('%w', invoice_date) AS d, count(*), round(avg(total), 4) FROM invoices GROUP BY d ORDER BY d",
	'a day': "SELECT invoice_id, total FROM invoices WHERE date(invoice_date) = '2024-02-29' ORDER BY invoice_id",
	'a month by text':
		"SELECT count(*), sum(total) FROM invoices WHERE invoice_date >= '2024-02-01' AND invoice_date < '2024-03-01'",
	'a range of days':
		"SELECT invoice_id FROM invoices WHERE date(invoice_date) BETWEEN '2024-01-15' AND '2024-02-15' ORDER BY invoice_id",
	'due dates between':
		"SELECT invoice_id, due_date FROM invoices WHERE due_date BETWEEN '2024-03-01' AND '2024-03-31' ORDER BY due_date, invoice_id",
	'due dates in a list': "SELECT invoice_id FROM invoices WHERE due_date IN ('2024-02-14', '2024-03-31', 20240301) ORDER BY 1",
	overdue:
		"SELECT invoice_id, julianday('2024-06-30') - julianday(due_date) AS days FROM invoices WHERE paid_at IS NULL AND due_date < '2024-06-30' ORDER BY days DESC, invoice_id LIMIT 10",
	'days until paid':
		'SELECT invoice_id, CAST(julianday(paid_at) - julianday(invoice_date) AS INTEGER) AS d FROM invoices WHERE paid_at IS NOT NULL ORDER BY d DESC, invoice_id',
	'average days until paid': 'SELECT round(avg(julianday(paid_at) - julianday(invoice_date)), 6) FROM invoices',
	'largest invoices': 'SELECT invoice_id, total FROM invoices ORDER BY total DESC, invoice_id LIMIT 5',
	'invoices over a limit': 'SELECT invoice_id FROM invoices WHERE total > 49.5 ORDER BY invoice_id',
	'invoices of an exact total': 'SELECT invoice_id FROM invoices WHERE total IN (5, 0.99, 13.86, 100) ORDER BY invoice_id',
	'totals between': 'SELECT count(*), min(total), max(total) FROM invoices WHERE total BETWEEN 0.99 AND 13.86',
	'totals beside text': "SELECT count(*) FROM invoices WHERE total > '20'",
	'free of charge': 'SELECT count(*) FROM invoices WHERE NOT total',
	'tax of each invoice':
		'SELECT invoice_id, round(total * tax_rate, 2), total + 1, total / 2, total % 7, -total FROM invoices ORDER BY invoice_id',
	'customers with revenue':
		'SELECT c.name, round(sum(i.total), 2) AS r FROM customers c JOIN invoices i ON i.customer_id = c.customer_id AND i.store = c.store GROUP BY c.store, c.customer_id, c.name ORDER BY r DESC, c.name',
	'customers without invoices':
		'SELECT c.name FROM customers c LEFT JOIN invoices i ON i.customer_id = c.customer_id AND i.store = c.store WHERE i.invoice_id IS NULL ORDER BY c.name',
	'customers over their limit':
		'SELECT c.name, c.credit_limit FROM customers c WHERE c.credit_limit < (SELECT sum(total) FROM invoices i WHERE i.customer_id = c.customer_id AND i.store = c.store) ORDER BY c.name',
	'revenue by country':
		"SELECT coalesce(c.country, 'unknown') AS land, round(total(i.total), 2) FROM invoices i JOIN customers c USING (store, customer_id) GROUP BY land ORDER BY land",
	'age of customers':
		"SELECT name, CAST((julianday('2024-07-01') - julianday(birth_date)) / 365.25 AS INTEGER) AS age FROM customers ORDER BY age DESC, name",
	birthdays: "SELECT name, strftime('%m-%d', birth_date) FROM customers WHERE strftime('%m', birth_date) = '02' ORDER BY 2, name",
	'lines of invoices':
		'SELECT i.invoice_id, sum(l.unit_price * l.quantity) - i.total AS rest FROM invoices i JOIN invoice_items l ON l.invoice_id = i.invoice_id AND l.store = i.store GROUP BY i.store, i.invoice_id, i.total ORDER BY i.invoice_id',
	'discounted lines':
		'SELECT invoice_line_id, round(unit_price * quantity * (1 - coalesce(discount, 0)), 4) FROM invoice_items ORDER BY invoice_line_id',
	'prices and how often':
		'SELECT unit_price, count(*), sum(quantity) FROM invoice_items GROUP BY unit_price HAVING count(*) > 1 ORDER BY unit_price',
	'different prices': 'SELECT count(DISTINCT unit_price), count(DISTINCT discount) FROM invoice_items',
	'all prices': 'SELECT DISTINCT unit_price FROM invoice_items ORDER BY 1',
	'bands of totals':
		"SELECT CASE WHEN total < 5 THEN 'small' WHEN total < 50 THEN 'medium' ELSE 'large' END AS band, count(*) FROM invoices GROUP BY band ORDER BY band",
	'running revenue':
		'SELECT invoice_id, round(sum(total) OVER (PARTITION BY store ORDER BY invoice_date, invoice_id), 2) FROM invoices ORDER BY invoice_id',
	'rank by total':
		'SELECT invoice_id, rank() OVER (ORDER BY total DESC), lag(total) OVER (PARTITION BY store ORDER BY invoice_id) FROM invoices ORDER BY invoice_id',
	'first and last invoice':
		'SELECT store, min(invoice_date), max(invoice_date), min(total), max(total) FROM invoices GROUP BY store ORDER BY store',
	'month over month': `WITH m AS (SELECT ${MONTH} AS month, sum(total) AS r FROM invoices GROUP BY 1) SELECT month, round(r - lag(r) OVER (ORDER BY month), 2) FROM m ORDER BY month`,
	'due in the next month':
		"SELECT invoice_id, date(due_date, 'start of month', '+1 month', '-1 day') FROM invoices WHERE due_date IS NOT NULL ORDER BY invoice_id",
	'moments as numbers':
		"SELECT invoice_id, unixepoch(invoice_date), strftime('%s', invoice_date), time(invoice_date), datetime(due_date) FROM invoices ORDER BY invoice_id",
	'years by their digits':
		'SELECT substr(invoice_date, 1, 4) AS y, length(invoice_date), count(*) FROM invoices GROUP BY y, 2 ORDER BY y, 2',
	'months by LIKE': "SELECT count(*) FROM invoices WHERE invoice_date LIKE '2024-02-%' OR due_date LIKE '%-31'",
	'totals as text':
		"SELECT invoice_id, total || ' EUR', CAST(total AS TEXT), printf('%.2f', total), upper(invoice_date) FROM invoices ORDER BY invoice_id",
	'documents of customers':
		"SELECT name, json_object('born', birth_date, 'limit', credit_limit) FROM customers ORDER BY store, customer_id",
	'references beyond doubles':
		'SELECT invoice_id, reference, reference + 1 FROM invoices WHERE reference > 9007199254740992 ORDER BY reference, invoice_id',
	'above the average': 'SELECT invoice_id FROM invoices WHERE total > (SELECT avg(total) FROM invoices) ORDER BY invoice_id',
	'dates that are due on a day of invoices':
		'SELECT DISTINCT due_date FROM invoices WHERE due_date IN (SELECT date(invoice_date) FROM invoices) ORDER BY 1',
	'same totals in two stores':
		'SELECT a.invoice_id, b.invoice_id FROM invoices a JOIN invoices b ON a.total = b.total AND a.store < b.store ORDER BY 1, 2',
	'both kinds of dates': 'SELECT date(invoice_date) AS d FROM invoices UNION SELECT due_date FROM invoices ORDER BY d LIMIT 20',
	'text in a total': "SELECT invoice_id, total FROM invoices WHERE typeof(total) = 'text' ORDER BY total",
	'null dates last': 'SELECT invoice_id, due_date FROM invoices ORDER BY due_date DESC NULLS LAST, invoice_id LIMIT 8',
}
