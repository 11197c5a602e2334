// What an earlier image had already.
import type { ImageReference } from '../reference.ts'
import type { Session } from '../session.ts'
import { readScan, resolveTargets, type ScanState, type Target } from './findings.ts'
import type { GateFinding } from './gate-finding.ts'
import type { Novelty } from './scan-facts.ts'

/** By platform; `undefined` of an image that is no index. */
export type Baseline = ReadonlyMap<string | undefined, ScanState>

export async function readBaseline(
  session: Session,
  reference: ImageReference,
  registryId: string | undefined,
): Promise<Baseline> {
  const states = new Map<string | undefined, ScanState>()
  for (const target of await resolveTargets(session, reference, registryId))
    states.set(target.platform, await readScan(session, target))
  return states
}

/**
 * A finding is old where the earlier image has its flaw in a package of that name, whatever its version. Of an earlier image that was
 * not scanned as a whole nobody can say what it had. A platform that it does not have had nothing.
 */
export function noveltyBy(baseline: Baseline, { platform }: Target): Novelty {
  const state =
    baseline.get(platform) ?? (baseline.size === 1 ? baseline.get(undefined) : undefined)
  if (state === undefined) return () => 'new'
  const known = new Set((state.kind === 'running' ? [] : state.findings).flatMap(keysOf))
  const isWhole = state.kind === 'scanned'
  return (finding) => {
    if (keysOf(finding).some((key) => known.has(key))) return 'old'
    return isWhole ? 'new' : 'unknown'
  }
}

function keysOf({ vulnerability, aliases, packageName }: GateFinding): readonly string[] {
  return [vulnerability, ...aliases].map((id) => JSON.stringify([id.toUpperCase(), packageName]))
}
