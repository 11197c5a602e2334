import type { Command } from 'commander'
import { policyLintCommand } from './policy-lint.ts'

/** Each of these has a file of its own. */
export function policyCommand(program: Command): void {
  const policy = program.command('policy').description('What policies say, and what they should')
  for (const add of [policyLintCommand]) add(policy)
}
