const json = JSON.stringify;

/** Bytes that no decent client would put on the wire. */
export interface WireCase {
  title: string;
  parts: readonly (string | Buffer)[];
  pauseMs?: number;
  status: readonly number[];
  slug?: string;
  /** How many answers must come. */
  count?: number;
  /** No answer at all is fine as well: the connection is closed. */
  mayClose?: boolean;
}

type Row = readonly [title: string, bytes: string | Buffer, status: readonly number[], more?: Partial<WireCase>];

const HOST = 'Host: souk.test\r\n';
const CLOSE = 'Connection: close\r\n';
const TARGET = '/api/v1/products';

const get = (lines: string, target = TARGET, version = 'HTTP/1.1') => `GET ${target} ${version}\r\n${lines}\r\n`;
const post = (lines: string, body = '') =>
  `POST /api/v1/products HTTP/1.1\r\n${HOST}${CLOSE}Content-Type: application/json\r\n${lines}\r\n${body}`;

const FRAMING: readonly Row[] = [
  [
    'Content-Length and Transfer-Encoding',
    post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    [400],
  ],
  [
    'Transfer-Encoding and Content-Length',
    post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n'),
    [400],
  ],
  ['two lengths', post('Content-Length: 2\r\nContent-Length: 3\r\n', '{}'), [400]],
  ['a list of lengths', post('Content-Length: 2, 3\r\n', '{}'), [400]],
  ...['+2', '-2', '0x2', '2 2', '2.0', '1e0', '', '99999999999999999999', '9007199254740993'].map(
    (length): Row => [
      `length ${json(length)}`,
      post(`Content-Length: ${length}\r\n`, '{}'),
      [400, 413],
      { mayClose: true },
    ],
  ),
  ['a space before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), [400]],
  ['a space before the colon of the length', post('Content-Length : 2\r\n', '{}'), [400]],
  ...[
    'xchunked',
    'chunked, identity',
    'gzip, chunked',
    'chunked, chunked',
    'identity',
    '\x0bchunked',
    '"chunked"',
    'chunked;q=1',
  ].map(
    (coding): Row => [
      `coding ${json(coding)}`,
      post(`Transfer-Encoding: ${coding}\r\n`, '0\r\n\r\n'),
      [400, 401, 415, 501],
      {
        mayClose: true,
      },
    ],
  ),
  ['a chunk size that is none', post('Transfer-Encoding: chunked\r\n', 'xyz\r\n{}\r\n0\r\n\r\n'), [400]],
  ['a chunk size with a sign', post('Transfer-Encoding: chunked\r\n', '+2\r\n{}\r\n0\r\n\r\n'), [400]],
  ['a chunk size with 0x', post('Transfer-Encoding: chunked\r\n', '0x2\r\n{}\r\n0\r\n\r\n'), [400]],
  ['a chunk size beyond 64 bits', post('Transfer-Encoding: chunked\r\n', 'fffffffffffffffff\r\n{}'), [400, 413]],
  ['a chunk that is longer than it said', post('Transfer-Encoding: chunked\r\n', '1\r\n{}\r\n0\r\n\r\n'), [400]],
  [
    'a chunk extension of 32 KB',
    post('Transfer-Encoding: chunked\r\n', `2;x=${'y'.repeat(32_768)}\r\n{}\r\n0\r\n\r\n`),
    [400, 401, 413],
    { mayClose: true },
  ],
  [
    'trailers of 32 KB',
    post('Transfer-Encoding: chunked\r\n', `2\r\n{}\r\n0\r\nX-A: ${'y'.repeat(32_768)}\r\n\r\n`),
    [400, 401, 413, 431],
    { mayClose: true },
  ],
  [
    'chunks of 110 KB',
    post('Transfer-Encoding: chunked\r\n', `${`2800\r\n${'x'.repeat(0x2800)}\r\n`.repeat(11)}0\r\n\r\n`),
    [413],
    { slug: 'too-large' },
  ],
  ['a length of 102,401', post('Content-Length: 102401\r\n'), [413], { slug: 'too-large' }],
  ['a length of 10 GB with Expect', post('Content-Length: 10000000000\r\nExpect: 100-continue\r\n'), [413, 417]],
  [
    'an expectation that nobody meets',
    post('Content-Length: 2\r\nExpect: 200-maybe\r\n', '{}'),
    [417, 401],
    {
      mayClose: true,
    },
  ],
];

const ODD_HOSTS = [
  'a b',
  'user@souk.test',
  'souk.test/path',
  'souk.test:port',
  '[::1',
  'souk.test?x',
  'souk.test#x',
  'souk.test\\x',
  '%00',
  'ex ample',
  '<script>',
];

const FIELDS: readonly Row[] = [
  ['no Host', get(CLOSE), [400]],
  ['two Hosts', get(`${HOST}Host: other\r\n${CLOSE}`), [400]],
  ['the same Host twice', get(`${HOST}${HOST}${CLOSE}`), [400]],
  ...ODD_HOSTS.map((host): Row => [`Host ${json(host)}`, get(`Host: ${host}\r\n${CLOSE}`), [400]]),
  ...['souk.test', 'SOUK.test:80', '127.0.0.1:1', '[::1]:8080', 'xn--bcher-kva.example', 'a_b.example'].map(
    (host): Row => [`Host ${host} is fine`, get(`Host: ${host}\r\n${CLOSE}`), [200]],
  ),
  ['a folded field', get(`${HOST}X-A: 1\r\n 2\r\n${CLOSE}`), [400, 200]],
  ['a field without a colon', get(`${HOST}nonsense\r\n${CLOSE}`), [400]],
  ['a field without a name', get(`${HOST}: x\r\n${CLOSE}`), [400]],
  ['a space in a name', get(`${HOST}X A: x\r\n${CLOSE}`), [400]],
  ['a NUL in a value', get(`${HOST}X-A: a\0b\r\n${CLOSE}`), [400]],
  ['a bare CR in a value', get(`${HOST}X-A: a\rb\r\n${CLOSE}`), [400]],
  ['a field of 17 KB', get(`${HOST}X-A: ${'x'.repeat(17_000)}\r\n${CLOSE}`), [431]],
  ['101 fields', get(`${HOST}${Array.from({ length: 101 }, (_, n) => `X-${n}: 1\r\n`).join('')}${CLOSE}`), [431]],
  ['a target of 17 KB', get(`${HOST}${CLOSE}`, `${TARGET}?q=${'x'.repeat(17_000)}`), [414, 431]],
  [
    'odd bytes in a value',
    Buffer.concat([
      Buffer.from(`GET ${TARGET} HTTP/1.1\r\n${HOST}X-A: `),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`\r\n${CLOSE}\r\n`),
    ]),
    [200, 400],
  ],
  ['an id of a request that is too long', get(`${HOST}X-Request-Id: ${'x'.repeat(129)}\r\n${CLOSE}`), [200]],
  ['an odd traceparent', get(`${HOST}traceparent: 00-${'0'.repeat(32)}-${'0'.repeat(16)}-01\r\n${CLOSE}`), [200]],
  ['a traceparent of 8 KB', get(`${HOST}traceparent: ${'0'.repeat(8_000)}\r\n${CLOSE}`), [200]],
  [
    'an upgrade to h2c',
    get(`${HOST}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n`),
    [200, 400, 426],
  ],
  [
    'an upgrade to a web socket',
    get(
      `${HOST}Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\n`,
    ),
    [200, 400, 426],
  ],
  ['If-None-Match of 8 KB', get(`${HOST}If-None-Match: ${'"x",'.repeat(2_000)}"y"\r\n${CLOSE}`), [200]],
  ['a Range', get(`${HOST}Range: bytes=0-1,1-2,2-3\r\n${CLOSE}`), [200]],
  ['Accept of something else', get(`${HOST}Accept: application/xml\r\n${CLOSE}`), [200, 406]],
];

const ODD_PATHS = [
  '/api/v1/products/',
  '/api/v1//products',
  '//api/v1/products',
  '/api/v1/products/../orders',
  '/api/v1/products/..%2f..%2f..%2finternal/products',
  '/api/v1/products/%2e%2e/%2e%2e/%2e%2e/internal/products',
  '/api/v1/products/..%5c..%5cinternal',
  '/api/v1/products/..\\..\\internal',
  '/api/v1/products/%252e%252e%252finternal',
  '/api/v1/products;x=1',
  '/api/v1;/products',
  '/api/v1/products%00',
  '/api/v1/products/%c0%ae%c0%ae%c0%afinternal',
  '/api/v1/products%2f',
  '/api/v1/products/%2',
  '/api/v1/products/%zz',
  '/API/V1/products',
  '/api/v1/Products',
  '/api/v2/products',
  '/api/v1.0/products',
  '/api/v1',
  '/api',
  '/api/v1/products/x/y/z',
  '/.env',
  '/.git/config',
  '/server-status',
  '/actuator/health',
  '/debug/pprof',
  '/api/v1/internal/products',
  '/api/v1/products/../../../internal/products?ids=1',
  '/api/v1/products/./x',
  '/api/v1/../v1/products',
  '/%2e/api/v1/products',
  '/api/v1/products\u0080',
];

const TARGETS: readonly Row[] = [
  ...ODD_PATHS.map((path): Row => [`GET ${path}`, get(`${HOST}${CLOSE}`, path), [400, 404]]),
  ...['/internal/products?ids=1', '/internal/orders/1', '/internal/reservations/1', '/internal/sandbox/charges'].map(
    (path): Row => [`GET ${path}`, get(`${HOST}${CLOSE}`, path), [401, 404]],
  ),
  ['a fragment', get(`${HOST}${CLOSE}`, '/api/v1/products#x'), [400, 404]],
  ['an absolute target of another host', get(`${HOST}${CLOSE}`, 'http://other.test/api/v1/products'), [421]],
  ['an absolute target of its host', get(`${HOST}${CLOSE}`, 'http://souk.test/api/v1/products'), [200]],
  ['an absolute target of another scheme', get(`${HOST}${CLOSE}`, 'ftp://souk.test/api/v1/products'), [400, 421]],
  ['an absolute target with user info', get(`${HOST}${CLOSE}`, 'http://a:b@souk.test/api/v1/products'), [400, 421]],
  [
    'an absolute target of an internal host',
    get(`${HOST}${CLOSE}`, 'http://127.0.0.1:3001/internal/revocations'),
    [421, 400],
  ],
  ['a target without a slash', get(`${HOST}${CLOSE}`, 'api/v1/products'), [400]],
  ['an asterisk', get(`${HOST}${CLOSE}`, '*'), [400, 404]],
  ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, [200, 204, 400, 404]],
  ['HTTP/1.0', get(HOST, TARGET, 'HTTP/1.0'), [200]],
  ['HTTP/1.0 without a Host', get('', TARGET, 'HTTP/1.0'), [200, 400]],
  ['HTTP/1.2', get(`${HOST}${CLOSE}`, TARGET, 'HTTP/1.2'), [400, 505, 200], { mayClose: true }],
  ['HTTP/2.0', get(`${HOST}${CLOSE}`, TARGET, 'HTTP/2.0'), [200, 400, 505], { mayClose: true }],
  ['HTTP/0.9', `GET ${TARGET}\r\n\r\n`, [200, 400], { mayClose: true }],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 404, 405, 501, 505], { mayClose: true }],
  ['a TLS hello', Buffer.from('1603010200010001fc0303', 'hex').toString('latin1'), [400, 405], { mayClose: true }],
  ['a line of nonsense', 'hello\r\n\r\n', [400, 405]],
  ['two spaces in the request line', `GET  ${TARGET} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, [200, 400]],
  ['bare line feeds', `GET ${TARGET} HTTP/1.1\nHost: souk.test\nConnection: close\n\n`, [200, 400]],
  ...['TRACE', 'TRACK', 'MADEUP', 'get', 'Get', 'PROPFIND', 'PURGE', 'LINK', 'M-SEARCH'].map(
    (method): Row => [`method ${method}`, `${method} ${TARGET} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, [400, 405, 501]],
  ),
  ['CONNECT', `CONNECT souk.test:80 HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, [400, 404, 405, 501], { mayClose: true }],
  [
    'DELETE of the list',
    `DELETE ${TARGET} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
    [405],
    {
      slug: 'method-not-allowed',
    },
  ],
  [
    'PUT of the list with an override',
    `POST ${TARGET}/x/inventory HTTP/1.1\r\n${HOST}${CLOSE}X-HTTP-Method-Override: PUT\r\nContent-Length: 0\r\n\r\n`,
    [405],
  ],
];

function flow(): WireCase[] {
  const keep = `GET ${TARGET}?limit=1 HTTP/1.1\r\n${HOST}\r\n`;
  const refused = `POST ${TARGET} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 46\r\n\r\n`;
  return [
    { title: '20 pipelined requests', parts: [keep.repeat(20)], status: [200], count: 20 },
    {
      title: 'a request hidden in a refused body',
      parts: [`${refused}${'GET /internal/orders/1 HTTP/1.1\r\nHost: x\r\n\r\n__'.slice(0, 46)}${keep}`],
      status: [401, 200],
      count: 1,
    },
    { title: 'empty lines before a request', parts: [`\r\n\r\n${get(`${HOST}${CLOSE}`)}`], status: [200, 400] },
    { title: 'a head byte by byte', parts: [...get(`${HOST}${CLOSE}`)], pauseMs: 2, status: [200] },
    {
      title: '100-continue',
      parts: [post('Content-Length: 2\r\nExpect: 100-continue\r\n'), '{}'],
      pauseMs: 50,
      status: [401],
    },
    {
      title: 'a body that never ends its chunk',
      parts: [post('Transfer-Encoding: chunked\r\n', '2\r\n{}\r\n')],
      status: [408],
      mayClose: true,
    },
    {
      title: 'half of a body',
      parts: [post('Content-Length: 50\r\n', '{"half":')],
      status: [401, 408],
      mayClose: true,
    },
    { title: 'half of a head', parts: [`GET ${TARGET} HTTP/1.1\r\nHost: so`], status: [408], mayClose: true },
    { title: 'nothing at all', parts: [''], status: [408], mayClose: true },
    {
      title: 'a body that trickles',
      parts: [post('Content-Length: 60\r\n'), ...Array.from({ length: 18 }, () => 'x')],
      pauseMs: 1_000,
      status: [401, 408],
      mayClose: true,
    },
  ]; // prettier-ignore
}

/** Asked of every door that serves the catalogue. */
export function wireCases(): WireCase[] {
  const rows = [...FRAMING, ...FIELDS, ...TARGETS];
  return [...rows.map(([title, bytes, status, more]) => ({ title, parts: [bytes], status, ...more })), ...flow()];
}
