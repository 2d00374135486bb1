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

#: what each does here, one line on the button of a practice district
ROLE_WORK = {
    "coordinator": N_("The board: who needs you today"),
    "buddy": N_("Visit your people"),
    "clinic": N_("People in care, and how their visits go"),
    "doctor": N_("Who is ready for your assessment"),
    "chair": N_("The agenda of the weekly meeting"),
    "hospital_director": N_("Certificates that wait for your signature"),
    "tenant_admin": N_("Who works here, and their links"),
    "registrar": N_("Volunteers and their training"),
    "station_officer": N_("What your station proposed"),
    "lead": N_("How areas compare"),
    "inspector": N_("Figures, minutes and the audit check"),
    "operator": N_("The platform as a whole"),
}

#: what a later version brings to a role that has no page yet
COMING = {
    "hospital_director": (
        N_("Certificates that doctors put before you, with the evidence for each"),
        N_("Signing together with the doctor"),
        N_("Revoking one, with the reason"),
    ),
}
