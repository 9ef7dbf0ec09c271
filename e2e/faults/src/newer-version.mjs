// Loaded before a service, this makes it a newer version: its events say more than today's consumers know.
const stringify = JSON.stringify;

function isEvent(value) {
  return typeof value === 'object' && value !== null && value.specversion === '1.0' && typeof value.data === 'object';
}

JSON.stringify = (value, ...rest) => {
  if (!isEvent(value)) return stringify(value, ...rest);
  const data = { ...value.data, loyaltyTier: 'gold', delivery: { slot: 'morning', stops: [1, 2, 3] }, giftNote: null };
  return stringify({ ...value, data, shardkey: 'eu-1' }, ...rest);
};
