// The service: every answer names its version. What is POSTed with an id
// (X-Order-Id, or X-Witness-Id, or the body) is counted: GET /orders.
const http = require('http');

const version = process.env.VERSION || '1';
const port = Number(process.env.PORT || 8080);
const orders = new Map();

function answer(res, status, text) {
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Release': version });
  res.end(text);
}

function order(req, res) {
  let start = '';
  req.on('data', (chunk) => {
    if (start.length < 200) start += chunk.toString('latin1', 0, 200 - start.length);
  });
  req.on('end', () => {
    const id = req.headers['x-order-id'] || req.headers['x-witness-id'] || start;
    orders.set(id, (orders.get(id) || 0) + 1);
    answer(res, 200, `version ${version} took ${id}, ${orders.get(id)} times\n`);
  });
}

const server = http.createServer((req, res) => {
  if (req.method === 'POST') return order(req, res);
  req.resume();
  if (req.url === '/healthz') return answer(res, process.env.BROKEN ? 503 : 200, process.env.BROKEN ? 'sick\n' : 'ok\n');
  if (req.url === '/orders') {
    const twice = [...orders].filter(([, times]) => times > 1).map(([id]) => id);
    return answer(res, 200, JSON.stringify({ orders: orders.size, twice }) + '\n');
  }
  answer(res, 200, `version ${version}${process.env.PROFILE ? ' of ' + process.env.PROFILE : ''}\n`);
});

// What is being answered is finished, idle connections are closed.
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(port, () => console.log(`version ${version} listens on ${port}`));
