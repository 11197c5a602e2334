import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  matchRest,
  readRestBody,
  restError,
  routePattern,
  type RestPaths,
} from './rest-protocol.ts'

const paths: RestPaths = new Map([
  ['ListThings', { method: 'POST', path: '/things/list' }],
  ['UntagResource', { method: 'DELETE', path: '/tags/{resourceArn}', queryLists: ['tagKeys'] }],
])

function request(method: string, rawPath: string, { rawQuery = '', body = '' } = {}) {
  return { method, rawPath, rawQuery, headers: [], body: Buffer.from(body) }
}

test('an operation is found by method and path, and no other one', () => {
  assert.equal(matchRest(paths, request('POST', '/things/list'))?.name, 'ListThings')
  assert.equal(matchRest(paths, request('GET', '/things/list')), undefined)
  assert.equal(matchRest(paths, request('POST', '/things/list/')), undefined)
  assert.equal(matchRest(paths, request('DELETE', '/tags/arn%3Aaws'))?.name, 'UntagResource')
  assert.equal(routePattern({ path: '/tags/{resourceArn}' }), '/tags/*')
})

test('members stand in the body, the path and the query; the body cannot name the path’s', () => {
  const asked = request('DELETE', '/tags/arn%3Aaws%3Ax%2Fy', {
    rawQuery: 'tagKeys=a&tagKeys=b%20c&other=1',
    body: '{"resourceArn":"z","n":1}',
  })
  const match = matchRest(paths, asked)
  assert.ok(match !== undefined)
  assert.deepEqual(readRestBody(match, asked), {
    kind: 'body',
    body: { n: 1, resourceArn: 'arn:aws:x/y', tagKeys: ['a', 'b c'] },
  })
  const broken = request('DELETE', '/tags/%ff')
  assert.equal(readRestBody(match, broken).kind, 'malformed')
  assert.equal(readRestBody(match, request('DELETE', '/tags/a', { body: '[]' })).kind, 'malformed')
})

test('errors have REST’s statuses, and the name of a fault is the model’s', () => {
  const status = (name: string) => restError({ name, status: 400, message: 'm' }).status
  assert.equal(status('AccessDeniedException'), 403)
  assert.equal(status('UnrecognizedClientException'), 403)
  assert.equal(status('ThrottlingException'), 429)
  assert.equal(status('ValidationException'), 400)
  const fault = restError({ name: 'ServerException', status: 500, message: 'm' })
  assert.equal(fault.headers['x-amzn-errortype'], 'InternalServerException')
  assert.equal(fault.status, 500)
})
