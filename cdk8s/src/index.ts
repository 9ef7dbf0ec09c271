export { ENVIRONMENTS } from './environments.ts';
export { renderFiles, writeFiles } from './files.ts';
export { type CheckInput, findModelProblems } from './model/checks.ts';
export { databaseSecretName, developmentSecretsOf, environmentOf, SECRETS } from './model/environment.ts';
export { type DataMode, type DataPart, isEmbedded, type PlatformOptions, type ServiceScale } from './model/options.ts';
export {
  DATA_IMAGES,
  POSTGRES_PORT,
  POSTGRES_SERVERS,
  postgresServerOf,
  type Resources,
  SERVICE_NAMES,
  SERVICES,
  type ServiceModel,
  type ServiceName,
  wavesOf,
} from './model/platform.ts';
export { readSchemaRevision } from './model/schema-revision.ts';
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
