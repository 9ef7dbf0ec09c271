import { expect, test } from 'vitest';
import { addressKeyOf, clientAddress } from './client-address.ts';

test.each([
  [0, '1.1.1.1', '9.9.9.9'],
  [1, '1.1.1.1', '1.1.1.1'],
  [1, '1.1.1.1, 2.2.2.2', '2.2.2.2'],
  [2, '1.1.1.1, 2.2.2.2, 3.3.3.3', '2.2.2.2'],
  [3, '1.1.1.1, 2.2.2.2', '1.1.1.1'],
  [1, 'unknown', '9.9.9.9'],
  [1, '', '9.9.9.9'],
])('with %i trusted proxies %j names %s', (hops, header, address) => {
  expect(clientAddress('9.9.9.9', header, hops)).toBe(address);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
])('a limit counts %s as %s', (address, key) => expect(addressKeyOf(address)).toBe(key));
