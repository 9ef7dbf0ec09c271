export type { Answer } from './answer.ts';
export {
  type ClientOptions,
  createClient,
  type Input,
  type InputArguments,
  type ItemOf,
  type ListId,
  SoukClient,
} from './client.ts';
export {
  ClientError,
  ConnectionError,
  DeadlineError,
  type FieldError,
  isProblem,
  type Problem,
  ProblemError,
  UnexpectedAnswerError,
} from './client-error.ts';
export type {
  AddressInput,
  Cart,
  CartLine,
  Category,
  DeadLetter,
  DeadLetterMessage,
  Inventory,
  Money,
  Movement,
  OperationId,
  Operations,
  Order,
  OrderAddress,
  OrderLine,
  OwnAddress,
  Payment,
  ProblemSlug,
  Product,
  Refund,
  TimelineEntry,
  User,
} from './generated/api.ts';
export { OPERATIONS } from './generated/api.ts';
export type { SessionTokens } from './session.ts';
export type { TimelineOptions } from './timeline.ts';
export type { CallLimits } from './transport.ts';
