import type { Static, TObject, TProperties, TSchema } from 'typebox'
import type { AuthorizationRequest } from '../../../access/authorize.ts'
import type { RequestKeys } from '../../../access/request-context.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import { inputReader, type InputReading } from './schema.ts'

export type IamAction = `${string}:${string}`

/** What a resource ARN is made from besides the input. */
export interface ResourceScope {
  readonly account: AccountId
  readonly region: string
}

/** What may be asked of an operation before it runs. */
export type Authorization<Input> =
  | {
      readonly kind: 'action'
      readonly action: IamAction
      /** What else must be allowed on the same resources because of what the input asks for. */
      readonly furtherActions: (input: Input) => readonly IamAction[]
      /** What else must be allowed on others. */
      readonly furtherRequests: (
        input: Input,
        scope: ResourceScope,
      ) => readonly AuthorizationRequest[]
      /** ARNs, or `*` for an action that has no resource. */
      readonly resources: (input: Input, scope: ResourceScope) => readonly string[]
      /** Condition keys that only the input tells. */
      readonly keys: (input: Input) => RequestKeys | undefined
      /** Whether the operation lists what may be seen one by one, to whom the list as a whole is not allowed. */
      readonly isListing: (input: Input) => boolean
    }
  /** Any valid credential will do; `why` says so to whoever reviews the table. */
  | { readonly kind: 'authenticated-only'; readonly why: string }

/** `validation`: the sentence of newer operations; `rest`: the same, with a reason and the fields beside it. */
type ErrorStyle = 'ecr' | 'validation' | 'rest'

/** One operation of a JSON service, its input already read when it is authorised and run. */
export interface Operation<Deps, Call> {
  readonly name: string
  readonly authorization: Authorization<unknown>
  /** How violations of the model are spelled. */
  readonly errorStyle: ErrorStyle
  readonly maxBodyBytes: number
  /** What `read` holds inputs against. */
  readonly model: TSchema
  readonly read: (body: unknown) => InputReading<unknown>
  /** Condition keys that are only known by looking something up, before it is authorised. */
  readonly lookUpKeys?: (
    deps: Deps,
    input: unknown,
    scope: ResourceScope,
  ) => Promise<RequestKeys | undefined>
  readonly run: (deps: Deps, input: unknown, call: Call) => Promise<unknown>
}

const defaultBodyBytes = 12 * 1024 * 1024

/** Fields are required by type: an operation without an IAM action and resource does not compile. */
export function operation<Deps, Call, P extends TProperties>(row: {
  readonly name: string
  readonly input: TObject<P>
  readonly action: IamAction
  readonly furtherActions?: (input: Static<TObject<P>>) => readonly IamAction[]
  readonly furtherRequests?: (
    input: Static<TObject<P>>,
    scope: ResourceScope,
  ) => readonly AuthorizationRequest[]
  readonly resources: (input: Static<TObject<P>>, scope: ResourceScope) => readonly string[]
  readonly keys?: (input: Static<TObject<P>>) => RequestKeys | undefined
  readonly lookUpKeys?: (
    deps: Deps,
    input: Static<TObject<P>>,
    scope: ResourceScope,
  ) => Promise<RequestKeys | undefined>
  readonly isListing?: (input: Static<TObject<P>>) => boolean
  readonly errorStyle?: ErrorStyle
  readonly maxBodyBytes?: number
  readonly run: (deps: Deps, input: Static<TObject<P>>, call: Call) => Promise<unknown>
}): Operation<Deps, Call> {
  const { name, action, resources, run, lookUpKeys } = row
  // What the reader accepted has the input's type: it is the only source of what these two are given.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the reader of this very row produced it
  const typed = (input: unknown): Static<TObject<P>> => input as Static<TObject<P>>
  return {
    name,
    authorization: {
      kind: 'action',
      action,
      furtherActions: (input) => row.furtherActions?.(typed(input)) ?? [],
      furtherRequests: (input, scope) => row.furtherRequests?.(typed(input), scope) ?? [],
      resources: (input, scope) => resources(typed(input), scope),
      keys: (input) => row.keys?.(typed(input)),
      isListing: (input) => row.isListing?.(typed(input)) ?? false,
    },
    errorStyle: row.errorStyle ?? 'ecr',
    maxBodyBytes: row.maxBodyBytes ?? defaultBodyBytes,
    model: row.input,
    read: inputReader(row.input),
    ...(lookUpKeys === undefined
      ? {}
      : { lookUpKeys: (deps, input, scope) => lookUpKeys(deps, typed(input), scope) }),
    run: (deps, input, call) => run(deps, typed(input), call),
  }
}
