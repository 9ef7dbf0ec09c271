const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const SINGULAR: Readonly<Record<string, string>> = { categories: 'category', addresses: 'address' };

/** The people and things of one story. */
export interface Names {
  person(email: string): string;
  /** Names ids by where they come from: `order 1`, `payment 2`. */
  learn(brought: { ids: string[]; collection: string }): void;
  /** A text without what is different in every run, and without secrets. */
  tidy(text: string): string;
}

export function createNames(): Names {
  const people = new Map<string, string>();
  const things = new Map<string, string>();
  const count = (names: Map<string, string>, kind: string) =>
    [...names.values()].filter((name) => name.startsWith(`${kind} `)).length + 1;
  const thing = (id: string, kind: string): string => {
    if (!things.has(id)) things.set(id, `${kind} ${count(things, kind)}`);
    return things.get(id) ?? '';
  };
  return {
    person: (email) => {
      const role = email.startsWith('admin@')
        ? 'the shopkeeper'
        : email.startsWith('nobody@')
          ? 'a passer-by'
          : undefined;
      if (!people.has(email)) people.set(email, role ?? `shopper ${count(people, 'shopper')}`);
      return people.get(email) ?? '';
    },
    learn: ({ ids, collection }) => {
      for (const id of ids) thing(id, SINGULAR[collection] ?? collection.replace(/s$/, ''));
    },
    tidy: (text) =>
      [...people]
        .reduce((told, [email, name]) => told.replaceAll(email, `${name.replace(/^(the|a) /, '')}@…`), text)
        .replaceAll(UUID, (id) => `‹${thing(id, 'id')}›`)
        .replaceAll(/"(password|currentPassword|newPassword|token|refreshToken)":"[^"]*"/g, '"$1":"…"')
        .replaceAll(/shopper-[0-9a-f-]+@/g, 'shopper@')
        .replaceAll(/(Story teapot |STORY-|story-teapot-|story-shelf-)[0-9A-Fa-f]{8}/g, '$1…')
        .replaceAll(/\{"name":"[^"]*","line1":"3 Nanosecond Lane"[^}]*\}/g, '{"line1":"3 Nanosecond Lane",…}')
        .replaceAll(/cursor=[\w.-]+/g, 'cursor=…')
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…'),
  };
}

/** The fields by which a story goes on, in the sequence they are told. */
const TOLD = [
  ...['status', 'paymentStatus', 'fulfillmentStatus', 'cancelReason', 'failureCode', 'sku', 'quantity', 'price'],
  ...['onHand', 'reserved', 'available', 'amount', 'refunded', 'total', 'redriven', 'roles'],
];

/** `201 · status pending · total 75.00 EUR`, `409 out-of-stock · /items/0/quantity`. */
export function summaryOf(status: number, body: unknown): string {
  const fields = (body ?? {}) as Record<string, unknown>;
  if (status >= 400) {
    const errors = (fields.errors ?? []) as { pointer: string }[];
    const slug = String(fields.type).replace('/problems/', '');
    return [`${status} ${slug}`, ...errors.map(({ pointer }) => pointer)].join(' · ');
  }
  const told = TOLD.filter((name) => fields[name] !== undefined && fields[name] !== null);
  const parts = told.map((name) => `${name} ${toldAs(fields[name])}`);
  const types = ((fields.items ?? []) as { type?: string }[]).flatMap(({ type }) => type ?? []);
  return [String(status), ...parts, ...(types.length > 0 ? [types.join(', ')] : [])].join(' · ');
}

function toldAs(value: unknown): string {
  const { amount, currency } = value as { amount?: number; currency?: string };
  if (amount !== undefined && currency !== undefined) return `${(amount / 100).toFixed(2)} ${currency}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
