// What a back end does with the package, against a real relay and against servers
// that are none. It prints one line of JSON.
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { createClient, RelayError } from 'ekyc-connect/server';

const { RELAY: relay, TOKEN: response, REFUSED_TOKEN: refusedToken } = process.env;
const secret = 'sk_test_pass';
const number = '2000 0000 0097';
const told = []; // everything that was written about failures

const failure = async promise => {
  try {
    await promise;
  } catch (error) {
    told.push(inspect(error, { depth: 9, showHidden: false }), JSON.stringify(error), String(error.stack), inspect(error.cause));
    const { code, status, retryable, fault, retryAfter, result, vendor } = error;
    return { relayError: error instanceof RelayError, code, status, retryable, fault, retryAfter, result, said: vendor?.message, id: !!error.requestId, retry: !!error.retry };
  }
  return 'none';
};

const server = answer => new Promise(resolve => {
  const s = createServer(answer).listen(0, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${s.address().port}`, close: () => { s.closeAllConnections(); s.close(); } }));
});

const ekyc = createClient({ relay: `${relay}/`, secret });
const out = {};

// The way to the verified person.
const redeemed = await ekyc.siteverify({ response, idempotency_key: 'application-1' });
out.redeemed = redeemed.success;
const wrong = await failure(ekyc.generateOtp({ verification: redeemed.verification, aadhaar_number: '1234', idempotency_key: 'otp-0' }));
const sent = await ekyc.generateOtp({ verification: redeemed.verification, aadhaar_number: number, idempotency_key: 'otp-1' });
const again = await failure(ekyc.generateOtp({ verification: redeemed.verification, aadhaar_number: number, idempotency_key: 'otp-1' }));
const { data } = await ekyc.verifyOtp({ verification: sent.verification, otp: '123456', idempotency_key: 'verify-1' });
out.name = data.name;
const second = await ekyc.siteverify({ response, idempotency_key: 'application-2' });
out.spent = second['error-codes'];

// The vendor's no, which carries a retry.
const other = await ekyc.siteverify({ response: refusedToken });
const refused = await failure(ekyc.generateOtp({ verification: other.verification, aadhaar_number: '200000000013', idempotency_key: 'otp-2' }));

// Servers that are no relay, slow ones, and none.
const page = await server((_, r) => r.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>'));
const redirect = await server((_, r) => r.writeHead(307, { Location: `${relay}/v1/siteverify` }).end());
const echo = await server((q, r) => (r.writeHead(200).write('you sent '), q.pipe(r)));
const silent = await server(() => {});
const gone = await server(() => {});
gone.close();
const at = (url, more) => createClient({ relay: url, secret, ...more });
out.failures = {
  wrong, again, refused,
  page: await failure(at(page.url).siteverify({ response })),
  redirect: await failure(at(redirect.url).siteverify({ response })),
  echo: await failure(at(echo.url).verifyOtp({ verification: sent.verification, otp: '123456', idempotency_key: 'k' })),
  silent: await failure(at(silent.url, { timeout: 100 }).siteverify({ response })),
  gone: await failure(at(gone.url).siteverify({ response })),
  unauthorized: await failure(createClient({ relay, secret: 'sk_wrong' }).generateOtp({ verification: sent.verification, aadhaar_number: number, idempotency_key: 'k' })),
};
for (const s of [page, redirect, echo, silent]) s.close();

// What no client is made of.
out.refusedOptions = [];
for (const options of [{ relay: 'consent.example.com', secret }, { relay: 'http://consent.example.com', secret }, { relay: `${relay}/?secret=${secret}`, secret }, { relay, secret: undefined }, { relay, secret: `${secret}\n` }])
  try {
    createClient(options);
  } catch (error) {
    told.push(inspect(error));
    out.refusedOptions.push(error.name);
  }

told.push(inspect(ekyc, { depth: 9, showHidden: true }), JSON.stringify(ekyc));
const secrets = { secret, number, digits: number.replaceAll(' ', ''), otp: '123456', response, verification: sent.verification, handle: redeemed.verification };
out.leaked = Object.keys(secrets).filter(name => told.join('\n').includes(secrets[name]));
console.log(JSON.stringify(out));
