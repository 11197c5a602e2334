import type { Reason } from './reason.ts'

/**
 * What one member of a policy makes of the evidence, before exemptions and before the policy says what unknown means. `nothing`: only
 * `until` is told.
 */
export interface Judged extends Omit<Reason, 'outcome' | 'policy' | 'exemptedBy'> {
  readonly outcome: Reason['outcome'] | 'nothing'
}
