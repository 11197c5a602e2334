// What was decided is written down later, many at once, and never holds anybody up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, putAdmission } from '../../test/kit/admission-place.ts'
import { decided, keyOf, runningPlace } from '../../test/kit/running-place.ts'
import { pushImage, pushSignature, addKey, putPolicy, settle } from '../../test/kit/trust-place.ts'
import { findImageUse, listPlacesOfCluster } from '../running/cluster-image-store.ts'
import type { Database } from '../storage/database/database.ts'
import { DecisionRecorder, maxPending } from './decision-recorder.ts'
import { listDenials } from './denial-store.ts'
import { deleteCluster } from './register-cluster.ts'

const all = { after: undefined, limit: 100, only: 'all' } as const
const latest = { cluster: undefined, before: undefined, limit: 100 } as const

test('a denial is an event, what is let run is a place with numbers, and only that runs', async (t) => {
  const place = await runningPlace(t)
  const { recorder, database, repository, clock } = place
  const { account } = repository
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  await putAdmission(place, { require: { signature: { trust: 'release' } } })
  const image = await pushImage(place, 'app', ['v1'])
  const denied = await judge(place, 'v1')
  recorder.record([decided(place, denied), decided(place, denied, { image: 'x' })])
  recorder.record([decided(place, denied)])
  await recorder.flush()
  const denials = await listDenials(database, account, latest)
  assert.deepEqual(
    denials.map(({ image: named, times, cluster, workloadName, policies, reasons }) => [
      named,
      times,
      cluster,
      workloadName,
      policies,
      reasons.map(({ code, policy }) => `${code} ${policy ?? ''}`),
    ]),
    [
      ['x', 1, 'prod', 'app', ['base@1'], ['signature-required base']],
      ['registry.example/team/app:deny', 2, 'prod', 'app', ['base@1'], ['signature-required base']],
    ],
  )
  // Nothing runs, and that is not known either: nobody ever told of anything that does.
  assert.equal(await findImageUse(database, keyOf(place, image)), undefined)

  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  clock.advance(60_000)
  const allowed = await judge(place, 'v1')
  recorder.record([
    decided(place, allowed),
    // Of a pod of which another image was denied; and of what only makes pods.
    decided(place, allowed, { workload: { kind: 'Pod', name: 'two' }, isLetRun: false }),
  ])
  await recorder.flush()
  const places = await listPlacesOfCluster(database, { account, cluster: 'prod' }, all)
  assert.deepEqual(
    places.map((one) => [
      one.workloadName,
      one.allowed,
      one.denied,
      one.decision?.outcome,
      one.use?.seenBy,
    ]),
    [
      ['app', 1, 3, 'allow', 'admission'],
      ['two', 1, 0, 'allow', undefined],
    ],
  )
  assert.deepEqual(await findImageUse(database, keyOf(place, image)), {
    places: 1,
    clusters: 1,
    units: 1,
    lastSeenAt: clock.now(),
  })
  assert.deepEqual(place.faults, [])
})

test('a database that takes nothing loses nothing, and more than a batch holds is told', async (t) => {
  const place = await runningPlace(t)
  const { database, clock, repository } = place
  const state = { isFull: true }
  const faults: unknown[] = []
  const failing: Database = {
    all: async (...given) => database.all(...given),
    first: async (...given) => database.first(...given),
    transaction: async (work, options) => {
      if (state.isFull) throw new Error('the disk is full')
      return database.transaction(work, options)
    },
    close: async () => database.close(),
  }
  const recorder = new DecisionRecorder({
    database: failing,
    clock,
    onFault: (error) => {
      faults.push(error)
    },
  })
  const image = await pushImage(place, 'app', ['v1'])
  const judgement = await judge(place, image, { context: { withoutPolicy: 'allow' } })
  recorder.record([decided(place, judgement)])
  await recorder.flush()
  assert.match(String(faults[0]), /disk is full/)
  const many = Array.from({ length: maxPending + 9 }, (_, at) =>
    decided(place, judgement, { workload: { kind: 'Pod', name: `p${at}` } }),
  )
  recorder.record(many)
  state.isFull = false
  await recorder.flush()
  assert.match(String(faults[1]), /10 decisions were answered and not written down/)
  const { account } = repository
  const [first] = await listPlacesOfCluster(database, { account, cluster: 'prod' }, all)
  assert.deepEqual([first?.workloadName, first?.allowed], ['app', 1])
})

test('a cluster that was taken away meanwhile runs nothing', async (t) => {
  const place = await runningPlace(t)
  const { recorder, database, repository } = place
  const { account } = repository
  const image = await pushImage(place, 'app')
  const judgement = await judge(place, image, { context: { withoutPolicy: 'allow' } })
  recorder.record([decided(place, judgement)])
  await recorder.flush()
  recorder.record([decided(place, judgement)])
  await deleteCluster(place, { account, name: 'prod' })
  await recorder.flush()
  assert.deepEqual(await listPlacesOfCluster(database, { account, cluster: 'prod' }, all), [])
  assert.equal(await findImageUse(database, keyOf(place, image)), undefined)
})
