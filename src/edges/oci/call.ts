import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Caller } from '../../access/caller.ts'
import type { CommitGate } from '../../registry/gates.ts'
import type { RepositoryAddress } from '../../registry/repository-store.ts'

/** One authenticated request to a repository, as the handlers see it. */
export interface OciCall {
  readonly caller: Caller
  readonly repository: RepositoryAddress
  /** The name as the client wrote it, for Location headers: it may begin with an account id. */
  readonly writtenName: string
  readonly query: URLSearchParams
  /** Lower-case names; a repeated header is joined with a comma. */
  readonly header: (name: string) => string | undefined
  readonly body: Readable
  /** Whether the request announces a body at all. */
  readonly hasBody: boolean
  /** Whether the caller may delete images of the repository, and by a token that is for that. */
  readonly mayDelete: () => Promise<boolean>
  /** Whether the caller pulls what the repository refuses others: who pushes, signs, scans or copies. */
  readonly passesPullGate: () => Promise<boolean>
  /** For what commits after its body has come. */
  readonly stillAllowed: CommitGate
}

/** A body that writes itself and ends the response. */
export interface DirectBody {
  readonly sendTo: (response: ServerResponse) => Promise<void>
}

export interface OciReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | string | Readable | DirectBody
}
