import { queryOptions } from '@tanstack/react-query'
import { api, queries } from '../../shell/client.ts'

export const PATH = '/api/account/second-factor'

export interface FactorState {
  on: boolean
  since: string | null
  recoveryCodesLeft: number
}

export const factorOptions = queryOptions({
  queryKey: ['second-factor'],
  queryFn: () => api.get<FactorState>(PATH),
})

export const refetchFactor = () => queries.invalidateQueries({ queryKey: factorOptions.queryKey })
