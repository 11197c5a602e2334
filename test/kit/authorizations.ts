import type { Authorization } from '../../src/access/authorize.ts'

/** What an authorizer says, for tests of what comes behind one. */
export const allowed: Authorization = { kind: 'allow', decidedBy: [], epoch: 1 }

export function denied(message: string, encodedMessage?: string): Authorization {
  return {
    kind: 'deny',
    message,
    encodedMessage,
    resource: '*',
    decision: { kind: 'implicit-deny', missing: ['identity'] },
    epoch: 1,
  }
}
