// Mends what can be mended without a decision: shows each call, asks, and says what was done and what was left.
import { createInterface } from 'node:readline/promises'
import {
  paginateDescribeRepositoryCreationTemplates,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
} from '@aws-sdk/client-ecr'
import type { PostureEvidence, Told } from '../../src/posture/rules/evidence.ts'
import type { JudgedRule } from '../../src/posture/rules/judge-posture.ts'
import { planFixes, type CreationTemplate, type Fix } from '../../src/posture/rules/plan-fixes.ts'
import { exitCodes, explain, Failure } from '../failure.ts'
import { note, visible } from '../output.ts'
import type { Session } from '../session.ts'
import { tell } from './told.ts'

export interface FixFlags {
  /** Ids of rules; `true`: of every rule. */
  readonly fix?: true | readonly string[]
  readonly yes?: true
  readonly dryRun?: true
}

/** Before anything is read: where nobody can be asked, it must have been said. */
export function requireAnswer({ fix, yes, dryRun }: FixFlags, ids: readonly string[]): void {
  if (fix === undefined) {
    if (yes === undefined && dryRun === undefined) return
    throw new Failure(exitCodes.usage, '--yes and --dry-run go with --fix')
  }
  const strange = fix === true ? undefined : fix.find((id) => !ids.includes(id))
  if (strange !== undefined)
    throw new Failure(exitCodes.usage, `there is no rule ${visible(strange)}`)
  if (yes === undefined && dryRun === undefined && !process.stdin.isTTY)
    throw new Failure(
      exitCodes.usage,
      'there is nobody to ask whether something may be changed',
      'give --yes, or --dry-run to see what would be',
    )
}

/** What was done; nothing of a dry run. */
export async function applyFixes(
  session: Session,
  {
    rules,
    evidence,
  }: { readonly rules: readonly JudgedRule[]; readonly evidence: PostureEvidence },
  { fix, yes, dryRun }: FixFlags,
): Promise<number> {
  const asked = rules.filter(({ rule }) => fix === true || fix?.includes(rule.id) === true)
  const templates = await readTemplates(session)
  const { fixes, left } = planFixes({ rules: asked, evidence, templates })
  let done = 0
  let refused = 0
  let isOver = false
  for (const one of fixes) {
    note(visible(`${one.rule} ${one.repository}: ${one.words}`))
    note(visible(`  ${one.command}`))
    if (dryRun === true || isOver) continue
    const answer = yes === true ? 'yes' : await ask()
    isOver = answer === 'quit'
    if (answer !== 'yes') continue
    const fault = await send(session, one)
    note(fault === undefined ? '  done' : visible(`  failed: ${fault}`))
    if (fault === undefined) done += 1
    else refused += 1
  }
  for (const { rule, resource, why } of left) note(visible(`left: ${rule} ${resource}: ${why}`))
  const passed = fixes.length - done - refused
  const word =
    dryRun === true ? `${passed} could be mended` : `${done} mended, ${passed} not wanted`
  note(`${word}, ${refused} failed, ${left.length} left to a decision`)
  return done
}

async function readTemplates(session: Session): Promise<Told<readonly CreationTemplate[]>> {
  return tell('ecr:DescribeRepositoryCreationTemplates', async () => {
    const found: CreationTemplate[] = []
    const config = { client: session.ecr, pageSize: 100 }
    for await (const page of paginateDescribeRepositoryCreationTemplates(config, {}))
      for (const { prefix = '', lifecyclePolicy } of page.repositoryCreationTemplates ?? [])
        found.push({ prefix, lifecyclePolicy })
    return found
  })
}

async function ask(): Promise<'yes' | 'no' | 'quit'> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = (await lines.question('  change it? [y/N/q] ')).trim().toLowerCase()
    if (answer === 'q') return 'quit'
    return answer === 'y' || answer === 'yes' ? 'yes' : 'no'
  } finally {
    lines.close()
  }
}

/** Why it was not done; undefined where it was. */
async function send(session: Session, fix: Fix): Promise<string | undefined> {
  try {
    await carryOut(session, fix)
    return undefined
  } catch (error) {
    const explained = explain(error, session.name)
    return explained instanceof Error ? explained.message : String(explained)
  }
}

async function carryOut({ ecr }: Session, { repository, call }: Fix): Promise<void> {
  const repositoryName = repository
  switch (call.kind) {
    case 'immutable-tags':
      await ecr.send(
        new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'IMMUTABLE' }),
      )
      return
    case 'scan-on-push': {
      const imageScanningConfiguration = { scanOnPush: true }
      await ecr.send(
        new PutImageScanningConfigurationCommand({ repositoryName, imageScanningConfiguration }),
      )
      return
    }
    case 'lifecycle-policy':
      await ecr.send(
        new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText: call.text }),
      )
  }
}
