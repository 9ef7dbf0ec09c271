export { ENVIRONMENTS } from './environments.ts';
export { renderFiles, writeFiles } from './files.ts';
export { type CheckInput, findModelProblems } from './model/checks.ts';
export { environmentOf, SECRETS } from './model/environment.ts';
export type { PlatformOptions, ServiceScale } from './model/options.ts';
export { SERVICE_NAMES, SERVICES, type ServiceModel, type ServiceName, wavesOf } from './model/platform.ts';
export type { Manifest } from './render/metadata.ts';
export { type Edge, edgesOf } from './render/network-policy.ts';
export { renderNamespace, renderPlatform } from './render/platform.ts';
export {
  readSkaffold,
  type SkaffoldArtifact,
  type SkaffoldConfig,
  SkaffoldError,
  withBuiltImages,
} from './skaffold.ts';
