import type { ServiceName } from '@souk/cdk8s';
import releases from './releases.json' with { type: 'json' };

/** One version of Souk: what its operator must know of it beyond the images' names. */
export interface Release {
  version: string;
  /** The oldest version that may be upgraded to this one. */
  upgradeFrom: string;
  /** Service -> digits over its migrations. */
  schemaRevisions: Partial<Record<ServiceName, string>>;
}

/** The versions that this operator can bring a shop to, oldest first. */
export const CATALOGUE: readonly Release[] = releases;

/** -1, 0 or 1 by semantic version; a pre-release is before its release. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string) => {
    const [core = '', ...pre] = version.split('-');
    return { numbers: core.split('.').map(Number), pre: pre.join('-') };
  };
  const [left, right] = [parts(a), parts(b)];
  for (const [index, number] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0;
    if (number !== other) return number < other ? -1 : 1;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '') return 1;
  if (right.pre === '') return -1;
  return left.pre < right.pre ? -1 : 1;
}
