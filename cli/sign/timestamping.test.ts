import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { pemOf, pki } from '../../test/kit/pki.ts'
import { timestampingOf } from './timestamping.ts'

test('an address without its root, no address, and what is no root are refused', async (t) => {
  const directory = await temporaryDirectory(t)
  const authority = pki({ purpose: 'timeStamping', label: 'tsa' })
  const [root, leaf] = [join(directory, 'root.pem'), join(directory, 'leaf.pem')]
  await writeFile(root, pemOf(authority.root.der))
  await writeFile(leaf, pemOf(authority.leaf.der))
  const url = 'http://tsa.example/tsa'
  assert.equal(await timestampingOf(undefined, undefined), undefined)
  await assert.rejects(timestampingOf(url, undefined), /go together/)
  await assert.rejects(timestampingOf(undefined, root), /go together/)
  await assert.rejects(timestampingOf('tsa.example', root), /go together/)
  await assert.rejects(timestampingOf(url, join(directory, 'none')), /cannot be read/)
  await assert.rejects(timestampingOf(url, leaf), /something else than root certificates/)
  const made = await timestampingOf(url, root)
  assert.deepEqual(
    made?.authorities.map(({ name }) => name),
    [url],
  )
})
