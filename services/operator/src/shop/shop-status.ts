import { SERVICE_NAMES, type ServiceName } from '@souk/cdk8s';
import { z } from 'zod';
import { CONDITION_REASONS, type ConditionReason } from './reasons.ts';

/** In the order in which an install or upgrade goes through them. */
export const STEP_CONDITION_TYPES = [
  'DataReady',
  'MessagingReady',
  'MigrationsApplied',
  'ServicesAvailable',
  'Exposed',
  'Verified',
] as const;

/** The summary first, then the steps. */
export const CONDITION_TYPES = ['Ready', 'Progressing', 'Degraded', 'Paused', ...STEP_CONDITION_TYPES] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

const time = z.iso.datetime();
const reason = z.enum(Object.keys(CONDITION_REASONS) as [ConditionReason, ...ConditionReason[]]);

const podSettings = z
  .strictObject({
    image: z.string().describe('Image that its pods run'),
    env: z.record(z.string(), z.string()).optional().describe('Variables of spec.services'),
    resources: z
      .strictObject({
        cpuRequest: z.string().describe('CPU that is set aside'),
        memoryRequest: z.string().describe('Memory that is set aside'),
        memoryLimit: z.string().describe('Memory above which a container is killed'),
      })
      .describe('Resources of one pod'),
  })
  .describe('What the pods of one service run');

const revision = z.strictObject({
  id: z.string().describe('Digits over images, variables and resources'),
  version: z.string().describe('Version of Souk'),
  services: z
    .strictObject(
      Object.fromEntries(SERVICE_NAMES.map((name) => [name, podSettings])) as Record<ServiceName, typeof podSettings>,
    )
    .describe('By service'),
});

const condition = z.strictObject({
  type: z.enum(CONDITION_TYPES).describe('What it is about'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds'),
  reason: reason.describe('One word of a fixed list, which stands under Conditions'),
  message: z.string().describe('A sentence for people'),
  lastTransitionTime: time.describe('When status changed last'),
  observedGeneration: z.int().describe('Generation of the spec that this is about'),
});

export const shopStatusSchema = z.strictObject({
  observedGeneration: z.int().optional().describe('Generation of the spec that was read last'),
  phase: z
    .enum(['Installing', 'Upgrading', 'RollingBack', 'Running', 'Degraded', 'Paused', 'Blocked', 'Deleting'])
    .optional()
    .describe('One word for a table; programs read conditions'),
  version: z.string().optional().describe('Version that has proven itself'),
  targetVersion: z.string().optional().describe('Version that is wanted'),
  conditions: z.array(condition).optional().describe('The conditions are the interface for programs'),
  services: z
    .array(
      z.strictObject({
        name: z.string().describe('Service'),
        image: z.string().describe('Image of its newest pods'),
        ready: z.int().describe('Pods that are available'),
        wanted: z.int().describe('Pods that are wanted'),
      }),
    )
    .optional()
    .describe('State of each service'),
  current: revision.optional().describe('What has proven itself and is returned to'),
  target: revision.optional().describe('What the services are brought to; the same as current when settled'),
  rendered: z.string().optional().describe('Digits over the Deployments as this operator renders them'),
  verified: z.string().optional().describe('Revision that the smoke test has passed'),
  migrated: z.record(z.string(), z.string()).optional().describe('Service and the migration Job that has run for it'),
  seeded: z.array(z.string()).optional().describe('Services whose demonstration content is written'),
  failedTarget: z
    .strictObject({
      id: z.string().describe('Revision that failed'),
      version: z.string().describe('Its version'),
      reason: reason.describe('Why, in a word'),
      message: z.string().describe('Why, in a sentence'),
      at: time.describe('When'),
    })
    .optional()
    .describe('Not tried again until the spec changes'),
  history: z
    .array(
      z.strictObject({
        id: z.string().describe('Revision'),
        version: z.string().describe('Version'),
        outcome: z.enum(['Succeeded', 'Failed']).describe('How it ended'),
        at: time.describe('When it ended'),
      }),
    )
    .max(10)
    .optional()
    .describe('The last ten installs and upgrades, newest first'),
});

export type ShopStatus = z.output<typeof shopStatusSchema>;
export type Condition = z.output<typeof condition>;
export type Revision = z.output<typeof revision>;
export type PodSettings = z.output<typeof podSettings>;
export type Phase = NonNullable<ShopStatus['phase']>;
