import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Manifest } from '@souk/cdk8s';
import { type Call, type KubernetesClient, KubernetesError, type ListAnswer } from '../src/kubernetes/client.ts';
import { pathOf, type Resource, resourceOf } from '../src/kubernetes/resources.ts';
import { keyOf, type LiveObject } from '../src/plan/observed.ts';
import type { Shop } from '../src/shop/shop.ts';
import type { ModelCluster } from './model-cluster.ts';

interface Watch {
  resource: string;
  stream: PassThrough;
}

/** The API server in front of a model cluster, as the operator's client sees it: versions, lists, watches and refusals. */
export class ModelApiServer implements KubernetesClient {
  readonly cluster: ModelCluster;
  /** Events, Leases and Secrets, which no controller of the model looks at. */
  readonly others = new Map<string, LiveObject>();
  /** What was called, as `GET /apis/…`. */
  readonly calls: string[] = [];
  /** Refuses a call with the error that it answers. */
  refuse: (call: Pick<Call, 'method' | 'path'>) => KubernetesError | undefined = () => undefined;
  logOfPods = '';
  readonly #watches = new Set<Watch>();
  readonly #history: { version: number; resource: string; line: string }[] = [];
  /** Everything that was told to watches, with its version. */
  readonly #told = new Map<string, { object: unknown; live: LiveObject }>();
  #version = 0;

  constructor(cluster: ModelCluster) {
    this.cluster = cluster;
    this.sync();
  }

  #all(): Map<string, LiveObject> {
    const { shop } = this.cluster;
    const objects = new Map<string, LiveObject>([...this.cluster.objects, ...this.others]);
    return objects.set(keyOf(shop), shop as unknown as LiveObject);
  }

  /** Gives what has changed in the model a version, and tells the watches. */
  sync(): void {
    const all = this.#all();
    for (const [key, object] of all) {
      const told = this.#told.get(key);
      if (told?.object === object) continue;
      this.#version += 1;
      const live = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
      this.#told.set(key, { object, live });
      this.#tell(told === undefined ? 'ADDED' : 'MODIFIED', live);
    }
    for (const [key, { live }] of this.#told) {
      if (all.has(key)) continue;
      this.#version += 1;
      this.#told.delete(key);
      this.#tell('DELETED', { ...live, metadata: { ...live.metadata, resourceVersion: String(this.#version) } });
    }
  }

  #tell(type: string, object: LiveObject): void {
    const resource = pathOf(resourceOf(object), {});
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#history.push({ version: this.#version, resource, line });
    for (const watch of this.#watches) if (watch.resource === resource) watch.stream.write(line);
  }

  /** Ends every watch, after this event where one is given. */
  endWatches(event?: object): void {
    for (const { stream } of this.#watches) stream.end(event === undefined ? '' : `${JSON.stringify(event)}\n`);
    this.#watches.clear();
  }

  #begin(method: Call['method'], path: string): void {
    this.calls.push(`${method} ${path}`);
    const error = this.refuse({ method, path });
    if (error !== undefined) throw error;
  }

  #live(kind: string, name: string): LiveObject {
    const found = this.#told.get(`${kind}/${name}`);
    if (found === undefined) throw new KubernetesError(404, 'NotFound', `${kind} ${name} not found`);
    return found.live;
  }

  async call({ method, path }: Call): Promise<string> {
    this.#begin(method, path);
    if (path.endsWith('/log')) return this.logOfPods;
    throw new KubernetesError(404, 'NotFound', 'the server could not find the requested resource');
  }

  async open({ method, path, query, signal }: Call): Promise<IncomingMessage> {
    this.#begin(method, path);
    const watch: Watch = { resource: path.replace(/\/namespaces\/[^/]+/, ''), stream: new PassThrough() };
    for (const { line, resource, version } of this.#history) {
      if (resource === watch.resource && version > Number(query?.resourceVersion)) watch.stream.write(line);
    }
    this.#watches.add(watch);
    signal?.addEventListener('abort', () => watch.stream.destroy(new KubernetesError(0, 'Aborted', 'aborted')));
    return watch.stream as unknown as IncomingMessage;
  }

  async get(resource: Resource, at: { namespace: string; name: string }): Promise<LiveObject> {
    this.#begin('GET', pathOf(resource, at));
    return this.#live(resource.kind, at.name);
  }

  async list(resource: Resource): Promise<ListAnswer> {
    this.#begin('GET', pathOf(resource, {}));
    const items = [...this.#told.values()].map(({ live }) => live).filter(({ kind }) => kind === resource.kind);
    return { metadata: { resourceVersion: String(this.#version) }, items };
  }

  async create(manifest: Manifest): Promise<LiveObject> {
    const { kind, metadata } = manifest;
    this.#begin('POST', pathOf(resourceOf(manifest), { namespace: metadata.namespace }));
    if (this.#told.has(keyOf(manifest))) throw new KubernetesError(409, 'AlreadyExists', `${kind} exists`);
    const { stringData = {}, ...rest } = manifest as unknown as LiveObject & { stringData?: Record<string, string> };
    const data = Object.fromEntries(
      Object.entries(stringData).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    );
    this.others.set(keyOf(manifest), { ...rest, data });
    this.sync();
    return this.#live(kind, metadata.name);
  }

  async apply(manifest: Manifest): Promise<LiveObject> {
    this.#begin('PATCH', pathOf(resourceOf(manifest), manifest.metadata));
    this.cluster.apply({ manifest, how: 'apply' });
    this.sync();
    return this.#live(manifest.kind, manifest.metadata.name);
  }

  async replaceStatus(object: LiveObject): Promise<LiveObject> {
    this.#begin('PUT', pathOf(resourceOf(object), { ...object.metadata, sub: 'status' }));
    this.cluster.shop = { ...this.cluster.shop, status: object.status as NonNullable<Shop['status']> };
    this.sync();
    return this.#live(object.kind, object.metadata.name);
  }

  async mergePatch(of: Parameters<KubernetesClient['mergePatch']>[0], patch: unknown): Promise<LiveObject> {
    const { kind, metadata } = of;
    this.#begin('PATCH', pathOf(resourceOf(of), metadata));
    const known = this.#live(kind, metadata.name);
    const { metadata: change = {}, ...rest } = patch as Partial<LiveObject>;
    const wanted = (change as { resourceVersion?: string }).resourceVersion;
    if (wanted !== undefined && wanted !== known.metadata.resourceVersion)
      throw new KubernetesError(409, 'Conflict', 'the object has been modified');
    const { resourceVersion: _own, ...kept } = { ...known.metadata, ...change };
    const changed = { ...known, ...rest, metadata: kept } as LiveObject;
    if (kind === 'Shop') this.cluster.shop = changed as unknown as Shop;
    else this.others.set(`${kind}/${metadata.name}`, changed);
    this.sync();
    return this.#live(kind, metadata.name);
  }

  async delete(resource: Resource, { name, namespace }: { namespace: string; name: string }): Promise<void> {
    this.#begin('DELETE', pathOf(resource, { namespace, name }));
    this.cluster.objects.delete(`${resource.kind}/${name}`);
    this.others.delete(`${resource.kind}/${name}`);
    this.sync();
  }

  close(): void {
    this.endWatches();
  }
}
