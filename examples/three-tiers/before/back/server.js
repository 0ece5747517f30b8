// An API of the shop's: every answer names its tier and release. Orders are
// POSTed with an id (X-Order-Id, or X-Witness-Id, or the body) and counted, so
// that one which came twice can be told from one that came once: GET /orders.
const http = require('http');

const tier = process.env.TIER || 'back';
const release = process.env.VERSION || '1';
const port = Number(process.env.PORT || 8080);
const orders = new Map();

function answer(res, status, value) {
  res.writeHead(status, { 'Content-Type': 'application/json', 'X-Release': release });
  res.end(JSON.stringify({ tier, release, version: `version ${release}`, ...value }) + '\n');
}

function order(req, res) {
  let size = 0;
  let start = '';
  req.on('data', (chunk) => {
    size += chunk.length;
    if (start.length < 200) start += chunk.toString('latin1', 0, 200 - start.length);
  });
  req.on('end', () => {
    const id = req.headers['x-order-id'] || req.headers['x-witness-id'] || start;
    orders.set(id, (orders.get(id) || 0) + 1);
    answer(res, 200, { id, size, times: orders.get(id) });
  });
}

const server = http.createServer((req, res) => {
  if (req.method === 'POST') return order(req, res);
  req.resume();
  if (req.url === '/healthz') return answer(res, process.env.BROKEN ? 503 : 200, { healthy: !process.env.BROKEN });
  if (req.url === '/orders') {
    const twice = [...orders].filter(([, times]) => times > 1).map(([id]) => id);
    return answer(res, 200, { orders: orders.size, twice });
  }
  answer(res, 200, { path: req.url, host: req.headers.host, address: req.headers['x-real-ip'], forwarded: req.headers['x-forwarded-for'] });
});

// What is being answered is finished, idle connections are closed.
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(port, () => console.log(`${tier} version ${release} listens on ${port}`));
