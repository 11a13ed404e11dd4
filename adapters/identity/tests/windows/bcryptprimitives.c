/* What Rust's standard library imports and Wine 8 does not have. For tests under Wine alone. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return length <= MAXDWORD && RtlGenRandom(data, (ULONG)length);
}
