import { type DesiredInput, type DesiredObjects, desiredObjects } from './desired-objects.ts';
import { digest } from './revision.ts';

export type Renderer = (input: DesiredInput) => DesiredObjects;

const KEPT_MAX = 12;

/**
 * Renders a Shop, and remembers: a rendering takes some 20 ms, and nearly every pass wants the one of the pass before; twelve
 * take 4 MB. What it answers is shared and must not be changed.
 */
export function createRenderer(render: Renderer = desiredObjects): Renderer {
  const known = new Map<string, DesiredObjects>();
  return (input) => {
    const { operatorImage, release, revision, shop, spec } = input;
    const { name, namespace, uid } = shop.metadata;
    const key = digest([name, namespace, uid, spec, revision, release, operatorImage], 32);
    const found = known.get(key) ?? render(input);
    // The one that was wanted last goes to the end, the one that was not wanted for longest falls out.
    known.delete(key);
    known.set(key, found);
    const [oldest] = known.keys();
    if (known.size > KEPT_MAX && oldest !== undefined) known.delete(oldest);
    return found;
  };
}
