import { readFile } from 'node:fs/promises'
import { GetLifecyclePolicyCommand } from '@aws-sdk/client-ecr'
import { faultText } from '../../src/lifecycle/rules/document-reader.ts'
import type { LifecyclePolicy } from '../../src/lifecycle/rules/lifecycle-policy.ts'
import { parseLifecycle } from '../../src/lifecycle/rules/parse-lifecycle.ts'
import { exitCodes, Failure } from '../failure.ts'
import { ask, type Session } from '../session.ts'

export async function documentIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const advice = 'name a file that holds the document'
    throw new Failure(exitCodes.usage, `${file} cannot be read`, advice, { cause: error })
  }
}

/** The policy, or each fault on a line of its own. */
export function readPolicyText(text: string, from: string): LifecyclePolicy {
  const read = parseLifecycle(text, { limits: 'secure' })
  if (read.kind === 'read') return read.policy
  const lines = read.faults.map((fault) => `  ${faultText(fault)}`)
  throw new Failure(exitCodes.usage, `${from} cannot be accepted:\n${lines.join('\n')}`)
}

/** Of a file, else the one in force. */
export async function policyInForce(session: Session, repositoryName: string): Promise<string> {
  const answer = await ask(session, (ecr) =>
    ecr.send(new GetLifecyclePolicyCommand({ repositoryName })),
  )
  return answer.lifecyclePolicyText ?? ''
}
