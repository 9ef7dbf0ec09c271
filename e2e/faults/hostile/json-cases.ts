import { ADDRESS, type HostileCase, type HostileWorld, json } from './hostile-case.ts';

const deep = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

/** Bodies that are no JSON, or not what a route takes. */
export function jsonCases({ productId }: HostileWorld): HostileCase[] {
  const line = (quantity: string) =>
    `{"items":[{"productId":"${productId}","quantity":${quantity}}],"shippingAddress":${json(ADDRESS)}}`;
  const order = (body: string | Buffer, rest: Omit<HostileCase, 'as' | 'method' | 'path' | 'body'>): HostileCase => ({
    as: 'owner',
    method: 'POST',
    path: '/orders',
    body,
    ...rest,
    headers: [
      ['Idempotency-Key', `json-${rest.title.replaceAll(/[^a-z0-9]/gi, '-').slice(0, 100)}`],
      ...(rest.headers ?? []),
    ],
  });
  const malformed: [string, string | Buffer][] = [
    ['an unfinished object', '{"items":'],
    ['nothing', ''],
    ['only white space', '  \r\n'],
    ['garbage after the object', '{} x'],
    ['two objects', '{}{}'],
    ['a byte order mark', '\uFEFF{}'],
    ['NaN', '{"items":NaN}'],
    ['Infinity', '{"items":-Infinity}'],
    ['a comment', '{"items":[] /* none */}'],
    ['single quotes', "{'items':[]}"],
    ['a trailing comma', '{"items":[],}'],
    ['a leading zero', '{"items":01}'],
    ['a hexadecimal number', '{"items":0x1}'],
    ['a plus sign', '{"items":+1}'],
    ['a raw line break in a text', '{"items":"a\nb"}'],
    ['a raw NUL', '{"items":"a\u0000b"}'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['overlong UTF-8', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
    ['surrogates in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"items":[]}', 'utf16le')],
    ['a form', 'items=1&quantity=2'],
    ['a bad escape', '{"\\x41":1}'],
    ['half an escape', '{"a":"\\u00"}'],
  ];
  return [
    ...malformed.map(([what, body]) => order(body, { title: `${what} is malformed`, status: 400, slug: 'malformed' })),
    ...['null', '[]', '"text"', '42', 'true', '[{}]'].map((body) =>
      order(body, { title: `${body} instead of an object`, status: 422, slug: 'validation' }),
    ),
    ...[
      '1.5',
      '0',
      '-1',
      '-0',
      '1e9',
      '1e400',
      '-1e400',
      '9007199254740993',
      '2147483648',
      '9223372036854775808',
      '"1"',
      'true',
      'null',
      '[1]',
      '{}',
      '1e-7',
      '0.30000000000000004',
      '100',
      '1.0000000000000001',
    ].map((quantity) =>
      order(line(quantity), {
        title: `quantity ${quantity}`,
        status: 422,
        slug: 'validation',
        pointer: '/items/0/quantity',
      }),
    ),
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' ', 'items ', 'Items', 'prototype'].map((name) =>
      order(`{${json(name)}:{"admin":true},"shippingAddress":${json(ADDRESS)}}`, {
        title: `the field ${json(name)}`,
        status: 422,
        slug: 'validation',
        pointer: `/${name}`,
      }),
    ),
    ...['price', 'total', 'discount', 'userId', 'status', 'unitPrice', 'currency'].map((name) =>
      order(`{${json(name)}:null,"shippingAddress":${json(ADDRESS)}}`, {
        title: `the client's own ${name}, even null`,
        status: 422,
        slug: 'validation',
        pointer: `/${name}`,
      }),
    ),
    order(line('1').replace('"quantity":1', '"quantity":1,"unitPrice":1'), {
      title: 'a price in a line',
      status: 422,
      pointer: '/items/0/unitPrice',
    }),
    order(`{"items":${deep(33)}}`, { title: 'depth 33 and more', status: 422, slug: 'validation' }),
    order(`{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`, {
      title: 'objects 5,000 deep',
      status: 422,
      slug: 'validation',
    }),
    order(deep(20_000), { title: 'arrays 20,000 deep', status: 422, slug: 'validation' }),
    order(`{"items":[${'0,'.repeat(1_000)}0]}`, { title: 'an array of 1,001', status: 422, slug: 'validation' }),
    order(`{"items":[],"shippingAddress":${json(ADDRESS)}}`, {
      title: 'no lines',
      status: 422,
      slug: 'validation',
      pointer: '/items',
    }),
    order(
      `{"items":[${Array.from({ length: 101 }, () => `{"productId":"${productId}","quantity":1}`).join()}],"shippingAddress":${json(ADDRESS)}}`,
      { title: '101 lines', status: 422, slug: 'validation', pointer: '/items' },
    ),
    order(
      `{"items":[{"productId":"${productId}","quantity":60},{"productId":"${productId}","quantity":40}],"shippingAddress":${json(ADDRESS)}}`,
      { title: 'two lines of one product over 99', status: 422, slug: 'validation', pointer: '/items/1/quantity' },
    ),
    order(line('1').replace('Town', 'To\\u0000wn'), {
      title: 'an escaped NUL in a text',
      status: 422,
      pointer: '/shippingAddress/city',
    }),
    order(line('1').replace('Town', 'To\\ud800wn'), {
      title: 'half a surrogate pair',
      status: 422,
      pointer: '/shippingAddress/city',
    }),
    order(line('1').replace('Town', 'To\\u001bwn'), {
      title: 'a control character',
      status: 422,
      pointer: '/shippingAddress/city',
    }),
    order(line('1').replace('Town', 'To\\nwn'), {
      title: 'a line break in a city',
      status: 422,
      pointer: '/shippingAddress/city',
    }),
    order(line('1').replace('Town', 'x'.repeat(201)), {
      title: 'a city of 201 characters',
      status: 422,
      pointer: '/shippingAddress/city',
    }),
    order(line('1').replace('"DE"', '"de"'), {
      title: 'a country in lower case',
      status: 422,
      pointer: '/shippingAddress/country',
    }),
    order(line('1').replace('"DE"', '"XX"'), {
      title: 'a country that does not exist',
      status: 422,
      pointer: '/shippingAddress/country',
    }),
    order(line('1').replace(productId, productId.toUpperCase()), {
      title: 'an id in upper case',
      status: 422,
      slug: 'validation',
      pointer: '/items/0/productId',
    }),
    order(line('1').replace(productId, `{${productId}}`), {
      title: 'an id in braces',
      status: 422,
      pointer: '/items/0/productId',
    }),
    order(line('1').replace(productId, '00000000-0000-0000-0000-000000000000'), {
      title: 'the nil id',
      status: 422,
      pointer: '/items/0/productId',
    }),
    order(line('1').replace(productId, '1 OR 1=1'), {
      title: 'SQL for an id',
      status: 422,
      pointer: '/items/0/productId',
    }),
    order(line('1').replace('"shippingAddress"', '"paymentMethod":"4242424242424242","shippingAddress"'), {
      title: 'a card number for a method',
      status: 422,
      pointer: '/paymentMethod',
    }),
    order(line('99'), { title: 'more than there is', status: 409, slug: 'out-of-stock', pointer: '/items/0/quantity' }),
    order('{}', { title: 'no address', status: 422, slug: 'validation', pointer: '/shippingAddress' }),
    order('{}', {
      title: 'XML',
      status: 415,
      slug: 'unsupported-media',
      headers: [['Content-Type', 'application/xml']],
    }),
    order('{}', {
      title: 'JSON in another charset',
      status: 415,
      slug: 'unsupported-media',
      headers: [['Content-Type', 'application/json; charset=utf-16']],
    }),
    order('{}', {
      title: 'JSON by another name',
      status: 415,
      slug: 'unsupported-media',
      headers: [['Content-Type', 'text/json']],
    }),
    order('{', {
      title: 'broken JSON of the wrong type',
      status: 415,
      slug: 'unsupported-media',
      headers: [['Content-Type', 'text/plain']],
    }),
    order('{}', { title: 'no type', status: 415, slug: 'unsupported-media', headers: [['Content-Type', '']] }),
    order('{}', {
      title: 'two types',
      status: [400, 415],
      headers: [['Content-Type', 'application/json, text/plain']],
    }),
    order('{}', { title: 'gzip', status: 415, slug: 'unsupported-media', headers: [['Content-Encoding', 'gzip']] }),
    order('{}', {
      title: 'gzip after identity',
      status: 415,
      slug: 'unsupported-media',
      headers: [['Content-Encoding', 'identity, gzip']],
    }),
    order(`{"a":"${'x'.repeat(102_400)}"}`, { title: 'more than 100 KB', status: 413, slug: 'too-large' }),
  ];
}
