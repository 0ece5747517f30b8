// The shop's pages. Each names the release it is of, so that it can be held
// against the API answers that it gets.
const http = require('http');

const release = process.env.VERSION || '1';
const port = Number(process.env.PORT || 3000);

function page(path) {
  return `<!doctype html>
<html data-release="${release}">
<title>voda</title>
<link rel="stylesheet" href="/assets/shop.css">
<h1>app version ${release}</h1>
<p>${path.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)}</p>
<script>fetch('/api/stock').then((r) => r.json()).then((stock) => { document.title = stock.tier + ' ' + stock.release })</script>
</html>
`;
}

const server = http.createServer((req, res) => {
  if (req.url === '/healthz') {
    res.writeHead(process.env.BROKEN ? 503 : 200, { 'Content-Type': 'text/plain' });
    return res.end(process.env.BROKEN ? 'sick\n' : 'ok\n');
  }
  req.resume().on('end', () => {
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'X-Release': release });
    res.end(page(req.url));
  });
});

// What is being answered is finished, idle connections are closed.
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(port, () => console.log(`app version ${release} listens on ${port}`));
