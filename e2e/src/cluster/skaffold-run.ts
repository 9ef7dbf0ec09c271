import { readFileSync } from 'node:fs';
import { type Manifest, readSkaffold, type SkaffoldArtifact, type SkaffoldConfig, withBuiltImages } from '@souk/cdk8s';
import { parseAllDocuments } from 'yaml';
import { expectThat } from '../deployed/checklist.ts';
import { ROOT, run } from '../deployed/program.ts';
import { applyManifests, waitUntilReady } from './kubectl.ts';

const BUILD_MS = 900_000;

/** `skaffold run`, step by step, from skaffold.yaml itself: what Skaffold does on a machine that has none. */
export class SkaffoldRun {
  readonly config: SkaffoldConfig;
  /** Image name -> the image with a tag that only this build has. */
  readonly built = new Map<string, string>();

  constructor(profile: string | undefined) {
    this.config = readSkaffold(readFileSync(`${ROOT}skaffold.yaml`, 'utf8'), profile);
  }

  async build(): Promise<string> {
    const queue = [...this.config.build.artifacts];
    const work = async () => {
      for (let artifact = queue.shift(); artifact; artifact = queue.shift()) await this.buildOne(artifact);
    };
    const concurrency = Number(this.config.build.local.concurrency ?? 1);
    await Promise.all(Array.from({ length: concurrency }, work));
    return [...this.built.values()].join(' ');
  }

  private async buildOne({ context, docker, image }: SkaffoldArtifact): Promise<void> {
    const args = Object.entries(docker.buildArgs ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    const target = docker.target ? ['--target', docker.target] : [];
    const command = ['build', '--quiet', '--file', docker.dockerfile, ...target, ...args, context];
    const id = (await run('docker', command, { timeoutMs: BUILD_MS, env: { DOCKER_BUILDKIT: '1' } })).trim();
    // The content is the tag, as with Skaffold's inputDigest: a node never takes an older image for this one.
    const tagged = `${image}:${id.replace('sha256:', '').slice(0, 16)}`;
    await run('docker', ['tag', id, tagged]);
    this.built.set(image, tagged);
  }

  /**
   * Brings the images into the cluster by the command in `SOUK_CLUSTER_LOAD`, which gets their names as arguments (`kind load
   * docker-image`, `minikube image load`); the data tier's too where they are here, so that no registry is asked.
   */
  async load(command: string | undefined): Promise<string> {
    if (!command) return 'SOUK_CLUSTER_LOAD is not set: the cluster sees the images of this machine';
    const { stdout } = { stdout: await run('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}']) };
    const local = new Set(stdout.split('\n'));
    const images = [...new Set(this.manifests().flatMap(imagesOf))].filter((image) => local.has(image));
    const [program = '', ...args] = command.split(' ');
    await run(program, [...args, ...images], { timeoutMs: 600_000 });
    return `${images.length} images`;
  }

  /** The manifests with the built images in them. */
  manifests(): Manifest[] {
    const documents = this.config.manifests.rawYaml.flatMap((path) =>
      parseAllDocuments(readFileSync(`${ROOT}${path}`, 'utf8')).map((document) => document.toJS() as Manifest),
    );
    return withBuiltImages(documents, this.built);
  }

  async apply(): Promise<string> {
    const manifests = this.manifests();
    const warnings = await applyManifests(manifests, this.config.deploy.kubectl.flags.apply);
    expectThat(warnings.length === 0, warnings.join('\n'));
    return `${manifests.length} objects, no warning`;
  }

  async waitUntilReady(): Promise<void> {
    await waitUntilReady(this.config.deploy.statusCheckDeadlineSeconds);
  }
}

function imagesOf(manifest: Manifest): string[] {
  return [...JSON.stringify(manifest).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image ?? '');
}
