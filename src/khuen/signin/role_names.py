"""What the roles are called on screen, in the order in which they are offered."""

from khuen.words import N_

ROLE_NAMES = {
    "coordinator": N_("Coordinator"),
    "buddy": N_("Buddy"),
    "clinic": N_("Clinic staff"),
    "doctor": N_("Doctor"),
    "chair": N_("Committee chair"),
    "hospital_director": N_("Hospital director"),
    "tenant_admin": N_("Area administrator"),
    "registrar": N_("Registrar"),
    "station_officer": N_("Station officer"),
    "lead": N_("Programme lead"),
    "inspector": N_("Inspector"),
    "operator": N_("System operator"),
}
