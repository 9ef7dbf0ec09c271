import { SERVICE_NAMES, type ServiceName } from '@souk/cdk8s';
import { z } from 'zod';
import releases from './releases.json' with { type: 'json' };

/** One version of Souk: what its operator must know of it beyond the images' names. */
export interface Release {
  version: string;
  /** The oldest version that may be upgraded to this one. */
  upgradeFrom: string;
  /** Service -> digits over its migrations. */
  schemaRevisions: Partial<Record<ServiceName, string>>;
  /** Service -> sha256:… of its image; without it the tag is trusted. */
  digests?: Partial<Record<ServiceName, string>> | undefined;
}

/** The versions that this operator knows by itself, oldest first. */
export const CATALOGUE: readonly Release[] = releases;

const VERSION = /^[0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z.-]+)?$/;

/** A release that is named to an operator that was built before it. */
export const extraReleaseSchema = z
  .strictObject({
    version: z.string().regex(VERSION).describe('Version, the tag of its images'),
    upgradeFrom: z.string().regex(VERSION).describe('The oldest version that may be upgraded to it'),
    schemaRevisions: z
      .partialRecord(z.enum(SERVICE_NAMES), z.string().regex(/^[0-9a-f]{8}$/))
      .optional()
      .describe('Digits over the migrations of each service; those of the newest known version when left out'),
    digests: z
      .partialRecord(z.enum(SERVICE_NAMES), z.string().regex(/^sha256:[0-9a-f]{64}$/))
      .optional()
      .describe('Digest of the image of each service; the tag alone when left out'),
  })
  .describe('One version of Souk');

/** EXTRA_RELEASES is not what it has to be. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

/** The catalogue with the releases of EXTRA_RELEASES; one of a known version takes its place. */
export function catalogueOf(extra: string | undefined): readonly Release[] {
  const known = new Map(CATALOGUE.map((release) => [release.version, release]));
  const schemaRevisions = CATALOGUE.at(-1)?.schemaRevisions ?? {};
  for (const release of parseExtra(extra))
    known.set(release.version, { ...release, schemaRevisions: release.schemaRevisions ?? schemaRevisions });
  return [...known.values()].sort((a, b) => compareVersions(a.version, b.version));
}

function parseExtra(text: string | undefined) {
  try {
    return z.array(extraReleaseSchema).parse(JSON.parse(text || '[]'));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new CatalogueError(`EXTRA_RELEASES is not a JSON list of releases: ${why}`);
  }
}

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
