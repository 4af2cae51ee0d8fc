"""Units of measurement: whether a text is one in UCUM, case sensitive (UCUM 2.1, PS3.16 7.2.2).

The grammar is UCUM's; atoms and prefixes are its tables. There is no arithmetic here: whether
two units are of one dimension is not asked.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PREFIXES = ("Ki", "Mi", "Gi", "Ti", "da", *"YZEPTGMkhdcmunpfazy")

_METRIC_ATOMS = """
m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc
gf [c] [h] [k] [eps_0] [mu_0] [e] [m_e] [m_p] [G] [g] [ly] Ky Gal dyn erg P Bi St Mx G Oe Gb sb
Lmb ph Ci R RAD REM cal cal_[15] cal_[20] cal_m cal_IT cal_th tex m[H2O] m[Hg] eq osm g% kat U
[iU] [IU] Np B B[SPL] B[V] B[mV] B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd
"""

_METRIC = frozenset(_METRIC_ATOMS.split())
"""Atoms that take a prefix."""

_PLAIN_ATOMS = """
10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo
AU atm [lbf_av] [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i]
[cin_i] [cft_i] [cyd_i] [bf_i] [cr_i] [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us]
[ch_us] [lk_us] [rch_us] [rlk_us] [fth_us] [fur_us] [mi_us] [acr_us] [srd_us] [smi_us] [sct]
[twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br] [lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br]
[kn_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us]
[bu_us] [gal_wi] [pk_us] [dqt_us] [dpt_us] [tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m]
[tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br] [gil_br] [foz_br] [fdr_br] [min_br] [gr]
[lb_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] [ston_av] [lton_av] [stone_av] [pwt_tr] [oz_tr]
[lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] [pnt_pr] [pca_pr] [pied]
[pouce] [ligne] [didot] [cicero] [degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] [Btu_60] [Btu_m]
[Btu_IT] [Btu_th] [Btu] [HP] [den] [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [diop] [p'diop] %[slope]
[mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q]
[kp_X] [kp_C] [kp_M] [kp_Q] [pH] [S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U]
[beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50]
[TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU] [AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU]
[EU] Ao b att [psi] circ sph [car_m] [car_Au] [smoot] [m/s2/Hz^0.5] bit_s
"""

_PLAIN = frozenset(_PLAIN_ATOMS.split())
"""Atoms that take none."""

OF_THE_STANDARD = frozenset(
    {"diop", "ppm", "10-6.mm2/s", "ml/[100]g/min", "ml/[100]ml", "{Particles}/[100]g{Tissue}"}
    # CID 85 of former editions, where the annotation came first.
    | {"{SUVbw}g/ml", "{SUVlbm}g/ml", "{SUVibw}g/ml", "{SUVbsa}cm2/ml"}
    # TID 10003, 10004, 10012 and 10013 of former editions, where the dot was lost.
    | {"Gym2", "uAs", "mGycm"}
)
"""Units that PS3.16 has or had, and that are none by UCUM's grammar: who writes them is right."""

LENGTH_LIMIT = 64
"""Characters of a unit that is looked at; the longest in PS3.16 has half as many."""

# An annotation may hold a space: PS3.16 TID 10013 has one that does.
_PART = re.compile(
    r"(?P<open>\()|(?P<close>\))|(?P<operator>[./])|(?P<annotation>\{[ -z|~]*\})"
    r"|(?P<simple>(?:10[*^]|\[[!-Z^-~]+\]|[^\W\d]|[%'*]|_(?=\w))(?:\[[!-Z^-~]+\]|[A-Za-z_%'])*"
    r"(?P<exponent>[+-]?[0-9]+)?)|(?P<number>[0-9]+)"
)


@lru_cache(maxsize=1024)
def is_unit(text: str) -> bool:
    """Whether a text is a unit of UCUM, case sensitive.

    Examples
    --------
    >>> is_unit("mm2"), is_unit("g/ml{SUVbw}"), is_unit("Gy.cm"), is_unit("mmHg")
    (True, True, True, False)
    """
    if text in OF_THE_STANDARD:
        return True
    if not text or len(text) > LENGTH_LIMIT or not text.isascii():
        return False
    position, depth, wants, after = 0, 0, True, ""
    while position < len(text):
        found = _PART.match(text, position)
        if found is None or not _is_known(found):
            return False
        kind = found.lastgroup if found.lastgroup != "exponent" else "simple"
        position = found.end()
        if kind == "annotation":
            # It may stand for a component, or follow one, once.
            if after == "annotation":
                return False
            wants = False
        elif kind == "operator":
            # A division may begin the whole, as in /min.
            if wants and not (found.group() == "/" and after in ("", "open")):
                return False
            wants = True
        elif kind == "close":
            depth -= 1
            if wants or depth < 0:
                return False
        else:
            if not wants:
                return False
            depth += kind == "open"
            wants = kind == "open"
        after = kind or ""
    return not wants and not depth


def _is_known(found: re.Match[str]) -> bool:
    simple = found["simple"]
    if simple is None:
        return True
    atom = simple.removesuffix(found["exponent"] or "")
    if atom in _METRIC or atom in _PLAIN:
        return True
    return any(atom[len(p) :] in _METRIC for p in _PREFIXES if atom.startswith(p))
