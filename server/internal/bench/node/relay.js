// What a team would write in place of the relay's POST /v1/sessions: Express, and
// PostgreSQL by pg. It stores the consent before it calls the vendor and the call
// after it, each committed, refuses a second use of an idempotency key, and seals
// the vendor's session for the page. It has no log that can be checked, no proof of
// what was shown, no line before the vendor, no breaker: the relay does more.
//
//   node relay.js DSN VENDOR
'use strict';
const cluster = require('node:cluster');
const crypto = require('node:crypto');
const http = require('node:http');
const os = require('node:os');

const [dsn, vendor] = process.argv.slice(2);

const tables = `
CREATE TABLE consent (
	id uuid PRIMARY KEY, key text NOT NULL UNIQUE, site text NOT NULL, purpose text NOT NULL,
	notice text NOT NULL, origin text NOT NULL, client jsonb NOT NULL, given_at timestamptz NOT NULL
);
CREATE TABLE vendor_call (
	consent uuid NOT NULL REFERENCES consent (id), result text NOT NULL, transaction text, at timestamptz NOT NULL
);
CREATE INDEX ON vendor_call (consent);`;

if (cluster.isPrimary) {
	primary();
} else {
	serve();
}

async function primary() {
	const { Client } = require('pg');
	const client = new Client(dsn);
	await client.connect();
	await client.query(tables);
	await client.end();
	const key = crypto.randomBytes(32).toString('hex');
	let listening = 0;
	const wanted = os.availableParallelism();
	cluster.schedulingPolicy = cluster.SCHED_NONE; // the kernel's own, which costs less
	cluster.on('listening', (_, at) => {
		if (++listening === wanted) {
			console.log(JSON.stringify({ url: `http://127.0.0.1:${at.port}` }));
		}
	});
	process.on('SIGTERM', () => process.exit(0));
	for (let i = 0; i < wanted; i++) {
		cluster.fork({ SEAL_KEY: key, NODE_ENV: 'production' });
	}
}

function serve() {
	const express = require('express');
	const { Pool } = require('pg');
	const pool = new Pool({ connectionString: dsn, max: 20 });
	const key = Buffer.from(process.env.SEAL_KEY, 'hex');
	const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.use(express.json({ limit: '16kb', strict: true }));

	app.post('/v1/sessions', async (req, res) => {
		const b = req.body;
		const origin = req.get('Origin');
		if (!b?.sitekey || !b.purpose || !b.notice_sha256 || !b.idempotency_key || !origin) {
			return res.status(400).json({ code: 'invalid_request' });
		}
		const id = crypto.randomUUID();
		const at = new Date();
		const stored = await pool.query({
			name: 'give',
			text: 'INSERT INTO consent VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING',
			values: [id, b.idempotency_key, b.sitekey, b.purpose, b.notice_sha256, origin, b.client ?? {}, at],
		});
		if (stored.rowCount === 0) {
			return res.status(409).json({ code: 'idempotency_conflict' });
		}
		const answer = await connect(b.purpose);
		await pool.query({
			name: 'use',
			text: 'INSERT INTO vendor_call VALUES ($1, $2, $3, $4)',
			values: [id, 'ok', answer.transaction_id, new Date()],
		});
		res.set('Access-Control-Allow-Origin', origin);
		res.status(201).json({
			session: seal({ consent: id, session: answer.data.session_id, site: b.sitekey, purpose: b.purpose, origin, at }),
			consent: { id, given_at: at },
			captcha: { media_type: 'image/jpeg', data: answer.data.captcha },
		});
		console.error(JSON.stringify({ time: new Date(), method: req.method, route: '/v1/sessions', status: 201, took: Date.now() - at }));
	});
	app.listen(0, '127.0.0.1');

	function seal(claims) {
		const iv = crypto.randomBytes(12);
		const cipher = crypto.createCipheriv('aes-256-gcm', key, iv);
		return Buffer.concat([iv, cipher.update(JSON.stringify(claims)), cipher.final(), cipher.getAuthTag()]).toString('base64url');
	}

	function connect(purpose) {
		return new Promise((done, failed) => {
			const url = `${vendor}/v1/ekyc/aadhaar/connect?consent=Y&purpose=${encodeURIComponent(purpose)}`;
			http.get(url, { agent, headers: { 'client-id': 'sandbox', 'x-api-key': 'sandbox' } }, res => {
				const parts = [];
				res.on('data', part => parts.push(part));
				res.on('error', failed);
				res.on('end', () => {
					try {
						const answer = JSON.parse(Buffer.concat(parts));
						answer.code === 200 ? done(answer) : failed(new Error('vendor ' + res.statusCode));
					} catch (e) {
						failed(e);
					}
				});
			}).on('error', failed);
		});
	}
}
