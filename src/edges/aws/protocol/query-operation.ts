import type { Static, TObject, TProperties } from 'typebox'
import type { Caller } from '../../../access/caller.ts'
import type { RequestKeys } from '../../../access/request-context.ts'
import type { IamAction } from './operation.ts'
import { formReader } from './query-form.ts'
import type { QueryStructure } from './query-xml.ts'
import { inputReader, type InputReading } from './schema.ts'

/** What a resource ARN is made from besides the input. */
export interface QueryScope {
  readonly caller: Caller
  readonly region: string
}

export type QueryAuthorization<Input, Deps> =
  | {
      readonly kind: 'action'
      readonly action: IamAction
      /** What else must be allowed on the same resources because of what the input asks for. */
      readonly furtherActions: (input: Input) => readonly IamAction[]
      /** ARNs, or `*` for an action that has no resource; a path is in the ARN and not in the input, so they may be looked up. */
      readonly resources: (
        input: Input,
        scope: QueryScope,
        deps: Deps,
      ) => readonly string[] | Promise<readonly string[]>
      readonly keys: (
        input: Input,
        scope: QueryScope,
        deps: Deps,
      ) => RequestKeys | Promise<RequestKeys>
    }
  /** Any valid credential will do; `why` says so to whoever reviews the table. */
  | { readonly kind: 'authenticated-only'; readonly why: string }
  /** The operation asks for `action` itself, by what only it knows. */
  | { readonly kind: 'judged-by-operation'; readonly action: IamAction; readonly why: string }
  /** What the input carries is the credential. */
  | { readonly kind: 'unsigned'; readonly action: IamAction; readonly why: string }

export interface QueryCall {
  readonly caller: Caller
  readonly requestId: string
}

/** Of a request that nobody signed. */
export interface UnsignedCall {
  readonly sourceAddress: string
  readonly secureTransport: boolean
  readonly requestId: string
  /** For the audit record, beside the parameters: what the credential in them says. */
  readonly tell: (said: Readonly<Record<string, unknown>>) => void
}

interface QueryRow<Deps> {
  readonly name: string
  /** A presigned address gets shared and logged: it is a proof of identity, and no way to act. */
  readonly allowsPresigned: boolean
  readonly read: (form: ReadonlyMap<string, string>) => InputReading<unknown>
  readonly authorization: QueryAuthorization<unknown, Deps>
}

/** One operation of a Query service, its input already read when it is authorised and run. */
export type QueryOperation<Deps> = QueryRow<Deps> &
  (
    | {
        readonly isSigned: true
        readonly run: (
          deps: Deps,
          input: unknown,
          call: QueryCall,
        ) => Promise<QueryStructure | undefined>
      }
    | {
        readonly isSigned: false
        readonly run: (
          deps: Deps,
          input: unknown,
          call: UnsignedCall,
        ) => Promise<QueryStructure | undefined>
      }
  )

interface Row<Deps, P extends TProperties, Call> {
  readonly name: string
  readonly input: TObject<P>
  /** Its structure; nothing for an operation without output. */
  readonly run: (
    deps: Deps,
    input: Static<TObject<P>>,
    call: Call,
  ) => Promise<QueryStructure | undefined>
}

type Declared<Input, Deps> =
  | {
      readonly action: IamAction
      readonly furtherActions?: (input: Input) => readonly IamAction[]
      readonly resources: (
        input: Input,
        scope: QueryScope,
        deps: Deps,
      ) => readonly string[] | Promise<readonly string[]>
      readonly keys?: (
        input: Input,
        scope: QueryScope,
        deps: Deps,
      ) => RequestKeys | Promise<RequestKeys>
    }
  | {
      readonly access:
        | { readonly kind: 'authenticated-only'; readonly why: string }
        | { readonly kind: 'judged-by-operation'; readonly action: IamAction; readonly why: string }
      readonly allowsPresigned?: true
    }

/** Fields are required by type: an operation without an IAM action and resource, or a reason for none, does not compile. */
export function queryOperation<Deps, P extends TProperties>(
  row: Row<Deps, P, QueryCall> & Declared<Static<TObject<P>>, Deps>,
): QueryOperation<Deps> {
  const typed = (input: unknown): Static<TObject<P>> =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the reader of this very row produced it
    input as Static<TObject<P>>
  return {
    name: row.name,
    isSigned: true,
    allowsPresigned: 'allowsPresigned' in row && row.allowsPresigned,
    read: reader(row.input),
    authorization: authorizationOf(row, typed),
    run: (deps, input, call) => row.run(deps, typed(input), call),
  }
}

/** An operation whose input is the credential: nothing is asked of who sends it but what it holds. */
export function unsignedQueryOperation<Deps, P extends TProperties>(
  row: Row<Deps, P, UnsignedCall> & { readonly action: IamAction; readonly why: string },
): QueryOperation<Deps> {
  const typed = (input: unknown): Static<TObject<P>> =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the reader of this very row produced it
    input as Static<TObject<P>>
  return {
    name: row.name,
    isSigned: false,
    allowsPresigned: false,
    read: reader(row.input),
    authorization: { kind: 'unsigned', action: row.action, why: row.why },
    run: (deps, input, call) => row.run(deps, typed(input), call),
  }
}

function authorizationOf<Input, Deps>(
  row: Declared<Input, Deps>,
  typed: (input: unknown) => Input,
): QueryAuthorization<unknown, Deps> {
  if ('access' in row) return row.access
  const { action, furtherActions, resources, keys } = row
  return {
    kind: 'action',
    action,
    furtherActions: (input) => furtherActions?.(typed(input)) ?? [],
    resources: (input, scope, deps) => resources(typed(input), scope, deps),
    keys: (input, scope, deps) => keys?.(typed(input), scope, deps) ?? {},
  }
}

function reader<P extends TProperties>(
  model: TObject<P>,
): (form: ReadonlyMap<string, string>) => InputReading<unknown> {
  const [shape, constraints] = [formReader(model), inputReader(model)]
  return (form) => {
    const reading = shape(form)
    return reading.kind === 'value' ? constraints(reading.value) : reading
  }
}
