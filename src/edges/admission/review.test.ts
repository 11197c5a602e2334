// What an API server sent, byte for byte, and what it is answered.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  admissionEvidence,
  admissionNow,
  admissionPolicy,
  findingFacts,
  imageFacts,
} from '../../../test/kit/admission.ts'
import type { DecidedImage } from '../../admission/decision-recorder.ts'
import type { Judgement, Question } from '../../admission/judge-images.ts'
import {
  readClusterSettings,
  type ClusterSettings,
} from '../../admission/rules/cluster-settings.ts'
import { decide } from '../../admission/rules/decide.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseAccountId } from '../../policy/account-id.ts'
import type { AdmissionCall, AdmissionDeps } from './call.ts'
import { mutateReview, validateReview } from './review.ts'

const read = (name: string): string =>
  readFileSync(new URL(`cases/${name}.json`, import.meta.url), 'utf8')

interface RecordedCase {
  readonly name: string
  /** The file in `recorded/`. */
  readonly recorded: string
  readonly verb: 'validate' | 'mutate'
  readonly settings?: Partial<ClusterSettings>
  readonly isDryRun?: true
  /** The members of the response, but for its uid; of a patch the steps. */
  readonly answer: unknown
}

const digest = `sha256:${'a'.repeat(64)}` as Digest
const policy = admissionPolicy({
  version: 1,
  name: 'base',
  rules: [{ id: 'severe', fail: { severity: 'high' } }],
})

/** Images tagged `bad` have a flaw; `missing` is not there. */
function judge({ images, context }: Question): readonly Judgement[] {
  return images.map((asked) => {
    const isOwn = asked.kind === 'own'
    const tag = isOwn && asked.reference.kind === 'tag' ? asked.reference.tag : ''
    const isAbsent = tag === 'missing'
    const image = imageFacts({
      origin: isOwn ? { kind: isAbsent ? 'absent' : 'own' } : { kind: 'other', host: asked.host },
      repository: asked.repository,
    })
    const findings = tag === 'bad' ? [findingFacts()] : []
    const evidence = admissionEvidence({ platforms: [{ scan: { kind: 'scanned', findings } }] })
    return {
      decision: decide({ image, context, policies: [policy], evidence }, admissionNow),
      digest: isOwn && !isAbsent ? digest : undefined,
      kind: isOwn ? (isAbsent ? 'absent' : 'image') : 'foreign',
      evidence,
      image,
      policies: ['base@1'],
    }
  })
}

const written: DecidedImage[] = []
const deps: AdmissionDeps = {
  clock: { now: () => new Date(admissionNow) },
  judge: async (question) => Promise.resolve(judge(question)),
  hostsOf: () => ['registry.example'],
  record: (decided) => {
    written.push(...decided)
  },
}

function callOf({ recorded, settings = {} }: RecordedCase): AdmissionCall {
  const reading = readClusterSettings(settings)
  const account = parseAccountId('123456789012')
  assert.ok(reading.kind === 'read' && account !== undefined)
  const cluster = {
    id: 'c',
    account,
    name: 'prod',
    tokenHash: '',
    settings: reading.settings,
    createdBy: '',
    createdAt: new Date(0),
    lastAskedAt: undefined,
  }
  return { cluster, body: JSON.parse(read(`recorded/${recorded}`)), requestId: 'r' }
}

for (const one of JSON.parse(read('answers')) as readonly RecordedCase[])
  test(one.name, async () => {
    const call = callOf(one)
    const reply = await (one.verb === 'validate' ? validateReview : mutateReview)(deps, call)
    assert.ok(reply.kind === 'json', JSON.stringify(reply))
    assert.equal(reply.isDryRun, one.isDryRun ?? false)
    const { response } = reply.value as { readonly response: Readonly<Record<string, unknown>> }
    const { uid, patch, ...rest } = response
    const { request } = call.body as { readonly request: { readonly uid: string } }
    assert.equal(uid, request.uid)
    const steps: unknown =
      typeof patch === 'string' ? JSON.parse(Buffer.from(patch, 'base64').toString()) : undefined
    assert.deepEqual({ ...rest, ...(steps === undefined ? {} : { patch: steps }) }, one.answer)
  })

test('what comes of a request is written down; of one that is only tried, or asks for nothing new, nothing', async () => {
  const told = async (name: string): Promise<readonly unknown[]> => {
    written.length = 0
    const call = callOf({ name, recorded: name, verb: 'validate', answer: undefined })
    await validateReview(deps, call)
    return written.map(({ repository, namespace, workload, isLetRun, door }) =>
      [door, namespace, `${workload.kind}/${workload.name}`, repository, isLetRun].join(' '),
    )
  }
  // Containers, init containers and volumes, under the name that all pods of their maker have.
  const runs = await told('pod')
  for (const repository of ['team/app', 'team/init', 'team/data', 'docker.io/library/nginx'])
    assert.ok(runs.includes(`admission prod Pod/app ${repository} true`), repository)
  assert.deepEqual(await told('pod-bad'), ['admission prod Pod/bad team/app false'])
  // Its pods run, and not it.
  for (const line of await told('deployment'))
    assert.match(String(line), /Deployment\/app .* false$/)
  for (const nothing of ['pod-dry-run', 'pod-label', 'pod-deletion', 'pod-leaving', 'mirror'])
    assert.deepEqual(await told(nothing), [], nothing)
})
