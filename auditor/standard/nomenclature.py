# ruff: noqa: SIM905 - terms of a vocabulary are read as words, not as a hundred literals.
"""Names of structures in radiotherapy by the report of AAPM Task Group 263 (2018).

The names that are common, not all of them: of a name that is not here, nothing follows. Left,
right and both are suffixes; planning organs at risk and what was cropped are suffixes too.
"""

from __future__ import annotations

import re

LONGEST = 16
"""Characters that a name by the report may have, for the sake of systems that keep no more."""

ORGANS = frozenset(
    "A_Aorta A_Brachiocephls A_Carotid A_Celiac A_Coronary A_Humeral_Circ A_LAD A_Pulmonary "
    "A_Subclavian Acetabulum Acoustic Adrenal Anus Appendix Arytenoid Atrium Bag_Bowel Bag_Ostomy "
    "BileDuct_Common Bladder Bladder_Wall Body Bolus Bone Bone_Ethmoid Bone_Frontal Bone_Hyoid "
    "Bone_Ilium Bone_Incus Bone_Ischium Bone_Lacrimal Bone_Mandible Bone_Mastoid Bone_Nasal "
    "Bone_Occipital Bone_Palatine Bone_Parietal Bone_Pelvic Bone_Sphenoid Bone_Temporal "
    "Bone_Zygomatic BoneMarrow Bowel Bowel_Large Bowel_Small BrachialPlex Brain Brainstem "
    "Brainstem_Core Brainstem_Surf Breast Bronchus Bronchus_Main BuccalMucosa Canal_Anal Carina "
    "Cartlg_Thyroid CaudaEquina Cavernosum Cavity_Nasal Cavity_Oral Cecum Cerebellum Cerebrum "
    "Cervix Chestwall Cist_Pontine Clavicle CN_III CN_V CN_VI CN_VII CN_VIII CN_IX CN_XI CN_XII "
    "Cochlea Colon Colon_Ascending Colon_Decending Colon_Sigmoid Colon_Transverse Cornea "
    "CribriformPlate Cricoid Cricopharyngeus Diaphragm Duodenum Ear_External Ear_Internal "
    "Ear_Middle Edema Elbow Esophagus Esophagus_I Esophagus_M Esophagus_NAdj Esophagus_S External "
    "Eye Femur Femur_Head Femur_Joint Femur_Neck Femur_Shaft Femur_Base Fibula Foley Fossa_Jugular "
    "Fossa_Posterior Gallbladder Genitals Glnd_Adrenal Glnd_Lacrimal Glnd_Parathyroid Glnd_Subling "
    "Glnd_Submand Glnd_Thymus Glnd_Thyroid Glottis GreatVes GreatVes_NAdj GrowthPlate Hardpalate "
    "Heart Hemisphere Hippocampus Hippocampi Humerus Hypothalmus Ileum Jejunum Jejunum_Ileum Joint "
    "Joint_Elbow Joint_Glenohum Joint_Surface Joint_TM Kidney Kidney_Cortex Kidney_Hilum "
    "Kidney_Pelvis Knee Laryngl_Pharynx Larynx Larynx_SG Leads Lens Lig_Hepatogastrc Lips Liver LN "
    "LN_Ax LN_Iliac LN_Iliac_Ext LN_Iliac_Int LN_IMN LN_Inguinofem LN_Mediastinal LN_Neck "
    "LN_Obturator LN_Paraaortic LN_Pelvic LN_Presacral LN_Sclav Lobe_Frontal Lobe_Occipital "
    "Lobe_Parietal Lobe_Temporal Lung Lung_LLL Lung_LUL Lung_RLL Lung_RML Lung_RUL Malleus Marrow "
    "Maxilla Mediastinum Musc Musc_Constrict Musc_Constrict_I Musc_Constrict_M Musc_Constrict_S "
    "Musc_Digastric Musc_Masseter Musc_Pterygoid Musc_Sclmast Musc_Temporal Nasopharynx Nose "
    "Nrv_Peripheral Nrv_Root OpticChiasm OpticNrv Orbit Oropharynx Ovary Palate_Soft Pancreas "
    "Pancreas_Head Pancreas_Tail Parametrium Parotid PenileBulb Penis Pericardium Perineum "
    "Peritoneum Pharynx Pineal Pituitary Pons Prostate ProstateBed Pubis Rectum Rectum_Wall Retina "
    "Rib Sacrum Scalp Scapula Scar Scrotum SeminalVes SeminalVes_Dist SeminalVes_Prox "
    "Sinus_Ethmoid Sinus_Frontal Sinus_Maxilry Sinus_Sphenoid Skin Skull SpinalCanal SpinalCord "
    "SpinalCord_Cerv SpinalCord_Lum SpinalCord_Sac SpinalCord_Thor Spleen Sternum Stomach "
    "Strct_Suprapatel Surf_Eye Testis Thecal_Sac Thyroid Tongue Tongue_All Tongue_Base "
    "Tongue_Oral Tonsil Trachea Ureter Urethra Urethra_Prostatc Uterus V_Azygos V_Jugular "
    "V_Portal V_Pulmonary V_Subclavian V_Venacava_I V_Venacava_S Vagina Vagina_Surf ValveTricuspid "
    "Valve_Aortic Valve_Mitral Valve_Pulmonic Valve_Tricuspid VB Ventricle Vomer Vulva".split()
)
"""Names without left (``_L``), right (``_R``) or both (``s``)."""

_ORGAN = re.compile(r"[z_]?(?P<name>\w+?)(?:_PRV[0-9]{0,2})?(?:[-~^][A-Za-z0-9_.-]*)?")
_SIDED = re.compile(r"(?P<name>\w+?)(?:_[LR]|s)")
_TARGET = re.compile(
    r"[z_]?(?:GTV|CTV|ITV|IGTV|ICTV|PTV)!?(?:n|p|sb|par|v|vas)?[0-9]{0,2}"
    r"(?:_[A-Za-z0-9.]+)*(?:[-~^][A-Za-z0-9_.!-]*)?"
)


def is_nomenclature(name: str) -> bool:
    """Whether a structure is named as the report asks: a known organ, or a target by its pattern.

    Examples
    --------
    >>> [is_nomenclature(name) for name in ("Lung_L", "Lungs", "PTVp1_5040", "left lung")]
    [True, True, True, False]
    """
    if len(name) > LONGEST:
        return False
    if _TARGET.fullmatch(name):
        return True
    match = _ORGAN.fullmatch(name)
    if match is None:
        return False
    sided = _SIDED.fullmatch(match["name"])
    return match["name"] in ORGANS or bool(sided and sided["name"] in ORGANS)
