// Vitest 5 reports failures by way of built-ins that Node 20 does not have. They are added to vitest's own process only:
// the workers, in which the code under test runs, see Node as it is.
function groupBy(items, keyOf) {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

Map.groupBy ??= groupBy;
Object.groupBy ??= (items, keyOf) => Object.assign(Object.create(null), Object.fromEntries(groupBy(items, keyOf)));
Promise.withResolvers ??= function withResolvers() {
  let resolve;
  let reject;
  const promise = new this((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};
