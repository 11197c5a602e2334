// What clients do while the server dies or its disk fails: each scenario can be repeated after it was cut anywhere.
import { connect } from 'node:net'
import { Refused, type Client } from './client.ts'
import {
  cancelUpload,
  closeUpload,
  closeWrongly,
  createRepository,
  deleteBlob,
  deleteByApi,
  deleteManifest,
  deleteRepository,
  deleteTag,
  indexOf,
  mount,
  openUpload,
  pushBlob,
  pushByApi,
  putByDigest,
  putByTag,
  sendChunk,
  sendStream,
  uploadSize,
  type Content,
  type Manifest,
} from './image-client.ts'
import { runLifecycle, withDoomedImages } from './lifecycle-client.ts'
import { collectState, inState } from './model.ts'

export const hourMs = 3_600_000

/** What one run of a scenario works on; nothing of it was used before. */
export interface Scene {
  readonly repository: string
  /** With mutable tags. */
  readonly mutable: string
  readonly config: Content
  readonly layers: readonly [Content, Content]
  /** Larger than what is written at once. */
  readonly large: Content
  readonly image: Manifest
  readonly other: Manifest
  readonly referrer: Manifest
  /** A blob of another repository, which has it for good. */
  readonly shared: Content
  readonly sharedIn: string
  /** The upload of an interrupted run. */
  upload: string | undefined
  readonly advanceClock: (ms: number) => Promise<void>
  readonly damage: (content: Content) => void
  /** Whether a request has the upload of that path. */
  readonly isHeld: (upload: string) => boolean
  readonly checkpoint: () => Promise<void>
}

export interface Scenario {
  readonly name: string
  readonly class: 'push' | 'tag move' | 'delete' | 'collection' | 'checkpoint' | 'rotation'
  readonly prepare: (client: Client, scene: Scene) => Promise<void>
  readonly run: (client: Client, scene: Scene, isRetry: boolean) => Promise<void>
  /** Cut in the middle it leaves a part of its work, each piece of which is whole. */
  readonly isPiecewise?: true
  /** Steps of the jobs in the background belong to it. */
  readonly inBackground?: true
}

async function twoRepositories(client: Client, scene: Scene): Promise<void> {
  await createRepository(client, scene.repository, 'IMMUTABLE')
  await createRepository(client, scene.mutable, 'MUTABLE')
}

/** An image's blobs in both repositories, and nothing that refers to them. */
async function withBlobs(client: Client, scene: Scene): Promise<void> {
  await twoRepositories(client, scene)
  for (const repository of [scene.repository, scene.mutable]) {
    for (const blob of [scene.config, ...scene.layers]) await pushBlob(client, repository, blob)
  }
}

async function withImage(client: Client, scene: Scene): Promise<void> {
  await withBlobs(client, scene)
  await putByTag(client, scene.repository, 'v1', scene.image)
  await putByTag(client, scene.mutable, 'v1', scene.image)
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'blob in one request',
    class: 'push',
    prepare: twoRepositories,
    run: (client, { repository, large }) => pushBlob(client, repository, large),
  },
  {
    name: 'blob by POST and PUT',
    class: 'push',
    prepare: twoRepositories,
    run: async (client, { repository, layers: [layer] }) => {
      const upload = await openUpload(client, repository)
      await closeUpload(client, repository, upload, layer, layer.bytes)
    },
  },
  {
    name: 'blob in numbered chunks, resumed',
    class: 'push',
    prepare: twoRepositories,
    run: async (client, scene) => {
      const { repository, large } = scene
      await sendRest(client, scene, (upload, start) => {
        const end = Math.min(start + 2 * 1024 * 1024, large.bytes.length)
        return sendChunk(client, repository, upload, large.bytes, { start, end })
      })
    },
  },
  {
    name: 'blob as streams, resumed',
    class: 'push',
    prepare: twoRepositories,
    run: async (client, scene) => {
      const { repository, large } = scene
      await sendRest(client, scene, (upload, start) => {
        const end = start === 0 ? 100_000 : large.bytes.length
        return sendStream(client, repository, upload, large.bytes, { start, end })
      })
    },
  },
  {
    name: 'blob that another repository has',
    class: 'push',
    prepare: twoRepositories,
    run: (client, { repository, shared }) => pushBlob(client, repository, shared),
  },
  {
    name: 'blob that the repository has',
    class: 'push',
    prepare: withBlobs,
    run: (client, { repository, layers: [layer] }) => pushBlob(client, repository, layer),
  },
  {
    name: 'blob whose kept copy is damaged',
    class: 'push',
    prepare: async (client, scene) => {
      await withImage(client, scene)
      const [layer] = scene.layers
      scene.damage(layer)
      for (const repository of client.state.values()) {
        if (repository.blobs.has(layer.digest)) repository.damaged.add(layer.digest)
      }
    },
    run: async (client, { mutable, layers: [layer] }) => {
      await client.change(
        {
          method: 'POST',
          path: `/v2/${mutable}/blobs/uploads/?digest=${layer.digest}`,
          headers: { 'content-type': 'application/octet-stream' },
          body: layer.bytes,
        },
        [201],
        (state) => {
          for (const { damaged } of state.values()) damaged.delete(layer.digest)
        },
      )
    },
  },
  {
    name: 'mount',
    class: 'push',
    prepare: twoRepositories,
    run: (client, { repository, sharedIn, shared }) => mount(client, repository, sharedIn, shared),
  },
  {
    name: 'manifest by tag',
    class: 'push',
    prepare: withBlobs,
    run: (client, { repository, image }) => putByTag(client, repository, 'v1', image),
  },
  {
    name: 'manifest by digest with tags',
    class: 'push',
    prepare: withBlobs,
    run: (client, { repository, image }) => putByDigest(client, repository, image, ['a', 'b', 'c']),
  },
  {
    name: 'index',
    class: 'push',
    prepare: async (client, scene) => {
      await withImage(client, scene)
      await putByDigest(client, scene.repository, scene.other)
    },
    run: (client, { repository, image, other }) =>
      putByTag(client, repository, 'all', indexOf([image, other])),
  },
  {
    name: 'referrer',
    class: 'push',
    prepare: withImage,
    run: (client, { repository, referrer }) => putByDigest(client, repository, referrer),
  },
  {
    name: 'push by the API',
    class: 'push',
    prepare: async (client, scene) => {
      await twoRepositories(client, scene)
      await pushBlob(client, scene.repository, scene.config)
      await pushBlob(client, scene.repository, scene.layers[0])
    },
    run: (client, { repository, image, layers: [, layer] }) =>
      pushByApi(client, repository, 'v1', image, layer),
  },
  {
    name: 'close with a wrong digest',
    class: 'push',
    prepare: uploadWithBytes,
    run: async (client, scene, isRetry) => {
      const { repository, upload = '' } = scene
      // Whether it has ended when the answer was lost the client learns by asking.
      if (isRetry && (await uploadSize(client, upload)) === undefined) {
        inState(client.state, repository).uploads.delete(upload)
        return
      }
      await closeWrongly(client, repository, upload)
    },
  },
  {
    name: 'take-over of a writer that hangs',
    class: 'push',
    prepare: async (client, scene) => {
      await uploadWithBytes(client, scene)
      await hang(client, scene)
      await scene.advanceClock(hourMs)
    },
    run: async (client, scene) => {
      const { repository, large } = scene
      await sendRest(client, scene, (upload, start) => {
        const end = large.bytes.length
        return sendStream(client, repository, upload, large.bytes, { start, end })
      })
    },
  },
  {
    name: 'tag move',
    class: 'tag move',
    prepare: async (client, scene) => {
      await withImage(client, scene)
      await putByTag(client, scene.mutable, 'latest', scene.image)
    },
    run: (client, { mutable, other }) => putByTag(client, mutable, 'latest', other),
  },
  {
    name: 'several tags moved at once',
    class: 'tag move',
    prepare: async (client, scene) => {
      await withImage(client, scene)
      await putByDigest(client, scene.mutable, scene.image, ['1', '1.2', '1.2.3'])
    },
    run: (client, { mutable, other }) =>
      putByDigest(client, mutable, other, ['1', '1.2', '1.2.3', 'latest']),
  },
  {
    name: 'tag deleted',
    class: 'delete',
    prepare: withImage,
    run: (client, { mutable }, isRetry) => deleteTag(client, mutable, 'v1', isRetry),
  },
  {
    name: 'manifest deleted with its tags',
    class: 'delete',
    prepare: async (client, scene) => {
      await withImage(client, scene)
      await putByTag(client, scene.repository, 'v2', scene.image)
    },
    run: (client, { repository, image }, isRetry) =>
      deleteManifest(client, repository, image, isRetry),
  },
  {
    name: 'image deleted by the API with its referrers',
    class: 'delete',
    prepare: async (client, scene) => {
      await withImage(client, scene)
      await putByDigest(client, scene.repository, scene.referrer)
    },
    run: (client, { repository, image, referrer }) =>
      deleteByApi(client, repository, image, [referrer]),
  },
  {
    name: 'blob deleted',
    class: 'delete',
    prepare: withBlobs,
    run: (client, { repository, layers: [layer] }, isRetry) =>
      deleteBlob(client, repository, layer, isRetry),
  },
  {
    name: 'repository deleted',
    class: 'delete',
    prepare: async (client, scene) => {
      await withImage(client, scene)
      await uploadWithBytes(client, scene)
    },
    run: (client, { repository }) => deleteRepository(client, repository),
  },
  {
    name: 'upload cancelled',
    class: 'delete',
    prepare: uploadWithBytes,
    run: (client, { repository, upload = '' }, isRetry) =>
      cancelUpload(client, repository, upload, isRetry),
  },
  {
    name: 'upload expired',
    class: 'collection',
    isPiecewise: true,
    prepare: async (client, scene) => {
      await uploadWithBytes(client, scene)
      await scene.advanceClock(25 * hourMs)
    },
    run: async (client) => void (await collect(client, { untagged: false })),
  },
  {
    name: 'collection of rows',
    class: 'collection',
    isPiecewise: true,
    prepare: async (client, scene) => {
      await withGarbage(client, scene)
      await scene.advanceClock(25 * hourMs)
    },
    run: async (client) => void (await collect(client, { untagged: true })),
  },
  {
    name: 'collection of bytes',
    class: 'collection',
    isPiecewise: true,
    prepare: async (client, scene) => {
      await withGarbage(client, scene)
      await scene.advanceClock(25 * hourMs)
      await collect(client, { untagged: true })
      await scene.advanceClock(25 * hourMs)
      await collect(client, { untagged: true })
      await scene.advanceClock(2 * hourMs)
    },
    run: async (client) => void (await collect(client, { untagged: true })),
  },
  {
    name: 'collection by schedule',
    class: 'collection',
    isPiecewise: true,
    inBackground: true,
    prepare: withGarbage,
    run: async (client, scene) => {
      client.pending = (state) => collectState(state, { untagged: false })
      await collectedBySchedule(client, scene)
      client.pending(client.state)
      client.pending = undefined
    },
  },
  {
    name: 'lifecycle run',
    class: 'delete',
    isPiecewise: true,
    prepare: (client, scene) => withDoomedImages(client, scene.mutable, scene),
    run: (client, { mutable }) => runLifecycle(client, mutable),
  },
  {
    name: 'database checkpoint',
    class: 'checkpoint',
    prepare: withImage,
    run: (_client, scene) => scene.checkpoint(),
  },
  {
    name: 'rotation of the master key',
    class: 'rotation',
    prepare: twoRepositories,
    run: async (client) => rotateMasterKey(client),
  },
]

const tries = 20

/**
 * Waits for a collection that began after everything's grace was over. One that was open when the clock moved takes the schedule's
 * next turn as its own, so the clock moves on until another one comes.
 */
async function collectedBySchedule(client: Client, scene: Scene): Promise<void> {
  const [before] = await collections(client)
  for (let attempt = 0; attempt < tries; attempt += 1) {
    await scene.advanceClock(8 * 24 * hourMs)
    // The worker looks at the clock once a second.
    for (let waited = 0; waited < 3000; waited += 25) {
      const [last] = await collections(client)
      if (last !== undefined && last.id !== before?.id && !last.isOpen) return
      if (last?.isOpen === true) waited = 0
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  throw new Error(`no collection came by schedule, though the clock moved on ${tries} times`)
}

/** Opens an upload of the large blob, or goes on with the one that is there, and closes it. */
async function sendRest(
  client: Client,
  scene: Scene,
  send: (upload: string, start: number) => Promise<void>,
): Promise<void> {
  const { repository, large } = scene
  const kept = scene.upload === undefined ? undefined : await uploadSize(client, scene.upload)
  scene.upload = kept === undefined ? await openUpload(client, repository) : scene.upload
  const upload = scene.upload ?? ''
  for (let size = kept ?? 0; size < large.bytes.length;) {
    await send(upload, size)
    size = (await uploadSize(client, upload)) ?? large.bytes.length
  }
  await closeUpload(client, repository, upload, large)
}

async function uploadWithBytes(client: Client, scene: Scene): Promise<void> {
  const { repository, large } = scene
  if (!client.state.has(repository)) await twoRepositories(client, scene)
  scene.upload = await openUpload(client, repository)
  const span = { start: 0, end: 1_500_000 }
  await sendStream(client, repository, scene.upload, large.bytes, span)
}

/** A client that sends nothing of the body that it announced; the server holds the upload for it. */
async function hang(client: Client, { upload = '', isHeld }: Scene): Promise<void> {
  const { hostname, port, host } = new URL(client.server.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.unref()
  const head = `PATCH ${upload} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${client.server.authorization}\r\nContent-Length: 100000\r\n\r\n`
  await new Promise<void>((resolve) => {
    socket.write(head, () => resolve())
  })
  while (!isHeld(upload)) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Of every kind: an upload, loose blobs, untagged manifests that hold one another, blobs of a repository that is gone. */
async function withGarbage(client: Client, scene: Scene): Promise<void> {
  const { repository, mutable, image, other, referrer, large } = scene
  await withImage(client, scene)
  await uploadWithBytes(client, scene)
  await pushBlob(client, mutable, large)
  await putByTag(client, mutable, 'latest', other)
  await putByDigest(client, mutable, indexOf([other]))
  await deleteTag(client, mutable, 'v1', false)
  await deleteTag(client, mutable, 'latest', false)
  await putByDigest(client, mutable, referrer)
  await putByTag(client, repository, 'kept', image)
}

/** Begins a collection, or joins the one under way, and waits for its end. */
export async function collect(
  client: Client,
  options: { readonly untagged: boolean },
): Promise<Readonly<Record<string, number>>> {
  const query = options.untagged ? '?untagged-older-than=3600' : ''
  const path = `/pratique/v1/collections${query}`
  client.pending = (state) => collectState(state, options)
  const answer = await client.ask({ method: 'POST', path })
  const last = answer.body.toString().trim().split('\n').at(-1) ?? ''
  const run = JSON.parse(last) as { isOpen?: boolean; counts?: Record<string, number> }
  // Its status was sent before it failed: the last line tells of it.
  if (run.isOpen !== false) throw new Refused('collection', { ...answer, body: Buffer.from(last) })
  client.pending(client.state)
  client.pending = undefined
  return run.counts ?? {}
}

/** The former key is dropped at once, so that no number of rotations keeps many. */
async function rotateMasterKey(client: Client): Promise<void> {
  const path = '/pratique/v1/master-keys/rotations?end-sessions=true'
  const answer = await client.ask({ method: 'POST', path })
  const last = answer.body.toString().trim().split('\n').at(-1) ?? ''
  const { kind } = JSON.parse(last) as { kind?: string }
  if (kind !== 'done') throw new Refused('rotation', { ...answer, body: Buffer.from(last) })
}

export async function collections(
  client: Client,
): Promise<readonly { readonly id: number; readonly isOpen: boolean }[]> {
  const { body } = await client.ask({ method: 'GET', path: '/pratique/v1/collections' })
  return JSON.parse(body.toString()) as { id: number; isOpen: boolean }[]
}

/** Whether a job of the schedule has come by since the server's start. */
export async function hasCollected(client: Client): Promise<boolean> {
  const { body } = await client.ask({ method: 'GET', path: '/metrics' })
  const done = /^pratique_job_duration_seconds_count\{[^}]*"collect-storage"[^}]*\} [1-9]/m
  return done.test(body.toString())
}
