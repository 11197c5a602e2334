import type { Command } from 'commander'
import { explainCommand } from './policy-explain.ts'
import { policyLintCommand } from './policy-lint.ts'
import { policyTestCommand } from './policy-test.ts'

/** Each of these has a file of its own. */
export function policyCommand(program: Command): void {
  const policy = program
    .command('policy')
    .description('What policies say, what they should, and what comes of them')
  for (const add of [policyLintCommand, explainCommand, policyTestCommand]) add(policy)
}
