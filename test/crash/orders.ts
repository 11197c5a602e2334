// What the harness tells a server under test, and what it says back.

/** A place on the way of a request at which a process can be stopped or a fault can happen. */
export type StepName = string

/** Faults of the system below the drivers. */
export interface Fault {
  readonly kind: FaultKind
  /** The first occurrence that fails, from 1; every later one fails too until the fault is lifted. */
  readonly from: number
}

export const faultKinds = [
  'write ENOSPC',
  'write EDQUOT',
  'write EIO',
  'write short, then ENOSPC',
  'write short',
  'fsync EIO',
  'truncate EIO',
  'open EMFILE',
  'open ENOSPC',
  'delete EIO',
  'commit SQLITE_FULL',
  'commit SQLITE_IOERR',
  'note SQLITE_FULL',
  'note SQLITE_IOERR',
] as const

export type FaultKind = (typeof faultKinds)[number]

export type Order =
  /** Die by SIGKILL at the given occurrence of the step, counted from now. */
  | { readonly kind: 'kill'; readonly step: StepName; readonly occurrence: number }
  /** Note every step and every chance of a fault from now on. */
  | { readonly kind: 'record' }
  | { readonly kind: 'recorded' }
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** Answered with how often it has happened. */
  | { readonly kind: 'mended' }
  /** How far the server's clock is ahead of the machine's. */
  | { readonly kind: 'clock'; readonly aheadMs: number }
  /** Bring the log into the database, with a step before and after. */
  | { readonly kind: 'checkpoint' }

export interface Recording {
  readonly steps: readonly StepName[]
  /** How often each kind of fault could have happened. */
  readonly chances: Readonly<Partial<Record<FaultKind, number>>>
}

/** What an order found out, if it was to find out something. */
export type Finding = Recording | { readonly happened: number } | undefined

export type Report =
  | { readonly kind: 'ready'; readonly url: string; readonly pid: number }
  | { readonly kind: 'failed'; readonly message: string; readonly isStartError: boolean }
  | { readonly kind: 'done'; readonly order: number; readonly finding: Finding }
