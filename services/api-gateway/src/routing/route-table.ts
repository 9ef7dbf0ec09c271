import type { Route } from '../routes.ts';

export type RouteMatch =
  | { kind: 'found'; route: Route }
  /** The path exists, the method does not. */
  | { kind: 'method-not-allowed'; allow: string }
  | { kind: 'not-found' };

export interface RouteTable {
  /** `path` undecoded, as it came, with the version in it. */
  match(method: string, path: string): RouteMatch;
}

/** One segment's place in the tree of paths. */
interface Node {
  literals: Map<string, Node>;
  parameter: Node | undefined;
  methods: Map<string, RouteMatch>;
  /** What another method gets. */
  otherwise: RouteMatch;
}

const NOT_FOUND: RouteMatch = { kind: 'not-found' };

/**
 * Builds the tree. Matching compares the raw segments: nothing is decoded, so that no encoded form of a path reaches
 * another route than its plain form.
 */
export function createRouteTable(routes: readonly Route[]): RouteTable {
  const root = createNode();
  for (const route of routes) addRoute(root, route);
  return {
    match(method, path) {
      const node = find(root, path, 1);
      return node === undefined ? NOT_FOUND : (node.methods.get(method) ?? node.otherwise);
    },
  };
}

function createNode(): Node {
  return { literals: new Map(), parameter: undefined, methods: new Map(), otherwise: NOT_FOUND };
}

function addRoute(root: Node, route: Route): void {
  let node = root;
  for (const segment of route.path.slice(1).split('/')) {
    if (segment.startsWith('{')) {
      node.parameter ??= createNode();
      node = node.parameter;
    } else {
      const next = node.literals.get(segment) ?? createNode();
      node.literals.set(segment, next);
      node = next;
    }
  }
  const found: RouteMatch = { kind: 'found', route };
  node.methods.set(route.method, found);
  if (route.method === 'GET') node.methods.set('HEAD', found);
  node.otherwise = { kind: 'method-not-allowed', allow: [...node.methods.keys()].sort().join(', ') };
}

/** The node of `path` from `start` on: literals before parameters, and back where a literal leads nowhere. */
function find(node: Node, path: string, start: number): Node | undefined {
  const slash = path.indexOf('/', start);
  const segment = slash === -1 ? path.slice(start) : path.slice(start, slash);
  if (segment === '') return undefined;
  const literal = node.literals.get(segment);
  if (literal !== undefined) {
    const found = slash === -1 ? withMethods(literal) : find(literal, path, slash + 1);
    if (found !== undefined) return found;
  }
  if (node.parameter === undefined) return undefined;
  return slash === -1 ? withMethods(node.parameter) : find(node.parameter, path, slash + 1);
}

function withMethods(node: Node): Node | undefined {
  return node.methods.size === 0 ? undefined : node;
}
