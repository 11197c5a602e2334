// Purpose:  for how long images are scanned continuously: GetConfiguration, UpdateConfiguration.
// Spec:     Amazon Inspector2 API Reference, these operations, EcrConfiguration.
// Input:    a request that was held against the model.
// Deviates: of machines and machine images there is nothing to configure: asking for it is refused.
// Unknowns: an account that put none has LIFETIME.
import { describeRescanDurations, putRescanDurations } from '../../../scanning/rescan-durations.ts'
import type { PullDateMode } from '../../../scanning/rules/rescan-eligibility.ts'
import { epochSeconds, type InspectorCall, type InspectorDeps } from './call.ts'
import { accessDenied, invalidField } from './errors.ts'

type Shape = Readonly<Record<string, unknown>>

export async function getConfiguration(
  { reader }: InspectorDeps,
  { accountId }: { readonly accountId?: string },
  call: InspectorCall,
): Promise<Shape> {
  requireOwn(call, accountId)
  const found = await describeRescanDurations(reader, call.caller.accountId)
  const { pushDays, pullDays, pullMode, putAt } = found
  return {
    ecrConfiguration: {
      rescanDurationState: {
        rescanDuration: pushDays === undefined ? 'LIFETIME' : `DAYS_${pushDays}`,
        status: 'SUCCESS',
        ...(putAt === undefined ? {} : { updatedAt: epochSeconds(putAt) }),
        ...(pullDays === undefined ? {} : { pullDateRescanDuration: `DAYS_${pullDays}` }),
        pullDateRescanMode: pullMode,
      },
    },
  }
}

export async function updateConfiguration(
  deps: InspectorDeps,
  input: {
    readonly accountId?: string
    readonly ecrConfiguration?: {
      readonly rescanDuration: string
      readonly pullDateRescanDuration?: string
      readonly pullDateRescanMode?: PullDateMode
    }
    readonly ec2Configuration?: object
    readonly amiConfiguration?: object
  },
  call: InspectorCall,
): Promise<Shape> {
  requireOwn(call, input.accountId)
  for (const name of ['ec2Configuration', 'amiConfiguration'] as const) {
    if (input[name] !== undefined)
      throw invalidField(
        name,
        'only images are scanned by this registry; give ecrConfiguration alone',
      )
  }
  const { ecrConfiguration } = input
  if (ecrConfiguration === undefined) return {}
  const { rescanDuration, pullDateRescanDuration, pullDateRescanMode } = ecrConfiguration
  const durations = {
    pushDays: daysOf(rescanDuration),
    pullDays: pullDateRescanDuration === undefined ? undefined : daysOf(pullDateRescanDuration),
    pullMode: pullDateRescanMode ?? 'LAST_PULL_DATE',
  }
  await putRescanDurations(deps, { account: call.caller.accountId, durations })
  deps.wake()
  return {}
}

function daysOf(word: string): number | undefined {
  return word === 'LIFETIME' ? undefined : Number(word.slice('DAYS_'.length))
}

function requireOwn({ caller }: InspectorCall, accountId: string | undefined): void {
  if (accountId === undefined || accountId === caller.accountId) return
  throw accessDenied(`account ${accountId} is not the caller's: each account speaks of itself`)
}
