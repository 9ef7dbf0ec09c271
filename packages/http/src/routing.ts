import type { Method, RouteDefinition } from './route.ts';

/** `/orders/{id}` as Hono writes it: `/orders/:id`. */
export function toHonoPath(path: string): string {
  return path.replace(/\{([a-zA-Z][a-zA-Z0-9]*)\}/g, ':$1');
}

export interface PathRoutes {
  path: string;
  routes: RouteDefinition[];
  /** For the header Allow. */
  allow: string;
}

/**
 * The routes of each path, the concrete ones before those with a parameter in the same place, because Hono takes the
 * first that fits: `/users/me` must not be somebody's id.
 */
export function groupByPath(routes: readonly RouteDefinition[]): PathRoutes[] {
  const byPath = new Map<string, RouteDefinition[]>();
  for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  return [...byPath]
    .map(([path, group]) => ({ path, routes: group, allow: allowOf(group.map((route) => route.method)) }))
    .sort((a, b) => compareSpecificity(a.path, b.path));
}

export function allowOf(methods: readonly Method[]): string {
  const all = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  return [...new Set(all)].sort().join(', ');
}

function compareSpecificity(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = Number(left[index]?.startsWith('{')) - Number(right[index]?.startsWith('{'));
    if (difference !== 0) return difference;
  }
  return 0;
}
